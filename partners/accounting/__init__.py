"""To whom one patient's data were disclosed, when, and for what purpose."""
