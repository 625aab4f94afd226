"""What staff look after: what needs attention, the report of keys, and notices by mail."""
