"""A partner with a contact, a deployment that sends e-mail, and a link that was prepared."""

from tests.partners.support.with_contact import handover, partner

__all__ = ["handover", "partner"]
