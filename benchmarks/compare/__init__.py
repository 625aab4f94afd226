"""chartero beside what its users would put in its place, on one machine, over the same database."""
