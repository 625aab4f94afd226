"""The staff's pages beside Django's own admin over the same tables, as an ordinary team would register them."""
