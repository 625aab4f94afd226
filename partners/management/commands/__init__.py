"""The manage.py commands for partners and their keys."""
