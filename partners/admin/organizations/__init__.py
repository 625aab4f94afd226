"""The pages of organizations: list, page, access, contact and purpose."""
