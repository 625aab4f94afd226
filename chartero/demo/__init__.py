"""The demonstration: invented partners, patients and keys, and a call for every documented situation."""
