"""How far the record is sealed and verified now, for the page that staff look at. Nothing here reads a whole table."""
