"""The record as audit events for other systems: IHE BALP for audit repositories, JSON lines for a SIEM."""
