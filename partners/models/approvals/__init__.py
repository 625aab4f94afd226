"""Changes that a second person approves or declines, where the deployment requires it."""

from partners.models.approvals.approval import Approval
from partners.models.approvals.fields import ApprovalState

__all__ = ["Approval", "ApprovalState"]
