"""What a second person approves: the list, one request, and the key that was approved."""
