"""How many calls were served and refused, hour by hour: exact counts of the ledger, and the charts of them."""
