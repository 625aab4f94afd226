"""Moving in: partners and their keys read from a CSV file, compared with what there is, and created."""
