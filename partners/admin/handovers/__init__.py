"""Keys that are handed over by link, as staff send, see, send again and withdraw them."""
