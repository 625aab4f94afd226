"""What partners meet during an upgrade, a failover of the database, and the loss of an application machine."""
