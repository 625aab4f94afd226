"""The staff's pages: Django's admin, with its own page for each step from onboarding to revocation."""

from partners.admin.changes.admin import ChangeEventAdmin
from partners.admin.keys.admin import ApiKeyAdmin
from partners.admin.organizations.admin import OrganizationAdmin
from partners.admin.requests.admin import RequestRecordAdmin

__all__ = ["ApiKeyAdmin", "ChangeEventAdmin", "OrganizationAdmin", "RequestRecordAdmin"]
