"""What the lists of the admin share."""
