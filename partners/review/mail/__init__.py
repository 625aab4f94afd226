"""The e-mails to staff and to contacts."""
