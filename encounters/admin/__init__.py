"""The staff's pages of clinical records: encounters, read-only, and the restrictions of them."""

from encounters.admin.encounters import EncounterAdmin as EncounterAdmin
from encounters.admin.restrictions import RestrictionAdmin as RestrictionAdmin
