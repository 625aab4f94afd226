"""Keys that are handed over by link: what waits, who may collect it, and what became of each link."""

from partners.models.handover.fields import HandoverState
from partners.models.handover.link import Closed
from partners.models.handover.row import KeyHandover

__all__ = ["Closed", "HandoverState", "KeyHandover"]
