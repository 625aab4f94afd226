"""The partitions of the ledger."""
