"""The pages for users and roles. Only superusers see them."""

from chartero.admin.roles import RoleAdmin
from chartero.admin.users import StaffAdmin

__all__ = ["RoleAdmin", "StaffAdmin"]
