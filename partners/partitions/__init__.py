"""The ledger on PostgreSQL, a partition for each month: which there are, how they are made ahead and dropped whole."""
