"""The commands of manage.py about partners and their keys."""
