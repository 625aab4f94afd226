"""The record as FHIR R4 AuditEvents. What partners read follows the patterns of IHE BALP 1.1."""
