"""What a second process group, a replica and a pooler cost and bring."""
