"""The pages that make and change a key, as a browser sends their forms."""

import re

from django.test import Client

from partners.models import ApiKey, Organization

KEYS = "/admin/partners/apikey/"
ISSUE = f"{KEYS}issue/"
TOKEN = re.compile(r"ch_sk_(?:test_)?[0-9A-Za-z]{61}")
READS = ["encounters:read", "patients:read", "documents:read"]
MARKUP = "<script>alert(1)</script>"


def nonce_of(page) -> str:
    return re.search(r'name="nonce" value="([^"]+)"', page.text)[1]


def issue_form(client: Client, organization: Organization) -> dict:
    """Return what a filled-in form sends to issue a key."""
    return {
        "organization": organization.name,
        "label": "EHR sync",
        "scopes": READS,
        "lifetime": "90",
        "nonce": nonce_of(client.get(ISSUE)),
        "step": "issue",
    }


def rotate_form(client: Client, key: ApiKey, **values) -> dict:
    """Return what the form sends to rotate a key."""
    return {"overlap": "24", "nonce": nonce_of(client.get(rotate_page(key)))} | values


def rotate_page(key: ApiKey) -> str:
    return page_of(key, "rotate")


def page_of(key: ApiKey, page: str) -> str:
    return f"{KEYS}{key.pk}/{page}/"
