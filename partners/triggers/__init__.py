"""The triggers that a database must have: how they are defined, installed, and compared with those that it has."""
