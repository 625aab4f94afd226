"""Requests for access, as somebody unknown sends them."""

from partners.models import OnboardingRequest

NETWORK = "198.51.100.0/24"
GIVEN = {
    "organization_name": "Lakeside Imaging",
    "contact_name": "Robin Sample",
    "contact_email": "robin@lakeside.example",
    "purpose": "We schedule follow-up visits.\nOnly for our own patients.",
    "wanted": "documents",
    "website": "https://lakeside.example",
}


def asked(network: str = NETWORK, **values) -> OnboardingRequest:
    """Return a request that waits."""
    return OnboardingRequest.send(network, **GIVEN | values)
