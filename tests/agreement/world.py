"""Situations made real: the rows, the header and the path of each."""

from datetime import timedelta
from itertools import chain

from django.utils import timezone

from encounters.api.cursors import Cursor
from partners.keys import digests, tokens
from partners.models import AllowedNetwork, ApiKey, LimitUse, Organization
from tests import planning
from tests.agreement.situations import CHOICES, ENCOUNTERS, HEADERS, NETWORKS, PATHS
from tests.api import CHANGES, KEY, LIST
from tests.factories import START, DocumentFactory, EncounterFactory, OrganizationFactory

LIMIT = 3
WHOLE = {"turns": [], "audio": "org_x/invented.wav"}
DOCUMENT_VALUES = {
    "transcript": WHOLE,
    "note": WHOLE | {"schema_type": "document"},
    "draft": WHOLE | {"status": "draft"},
    "bare": {},
    "scanned": WHOLE | {"schema_type": "scanned_form"},
    "withdrawn": WHOLE | {"withdrawn_at": START},
}


class World:
    """Organizations of every kind with encounters of every kind, and a key for each situation."""

    def __init__(self, situations):
        self.kinds = [(allowlisted, routes) for allowlisted in (True, False) for routes in CHOICES["routes"]]
        rows = [OrganizationFactory(allowlisted=allowlisted, routes=routes) for allowlisted, routes in self.kinds]
        self.organizations = dict(zip(self.kinds, rows, strict=True))
        self.stranger = OrganizationFactory()
        self.encounters = {
            (organization.pk, kind): _encounter(organization, kind)
            for organization in [*rows, self.stranger]
            for kind in ENCOUNTERS[:4]
        }
        self.elsewhere = DocumentFactory(**WHOLE).public_id
        self.documents = {
            (encounter.public_id, kind): DocumentFactory(encounter=encounter, **values).public_id
            for (_, record_class), encounter in self.encounters.items()
            for kind, values in DOCUMENT_VALUES.items()
            if record_class == "clinical"
        }
        self.tokens = [tokens.mint(is_test=situation.is_test) for situation in situations]
        self._make_keys(situations)
        self._reach_limits()

    def organization(self, situation) -> Organization | None:
        kind = situation.allowlisted, situation.routes
        return self.organizations[kind] if situation.has_organization else None

    def path(self, situation):
        if situation.path in ("list", "changes", "key") or situation.path not in PATHS:
            return {"list": LIST, "changes": CHANGES, "key": KEY}.get(situation.path, situation.path)
        encounter = self._encounter_id(situation)
        if situation.path == "detail":
            return f"{LIST}/{encounter}"
        last = "" if situation.path == "document" else f"/{situation.path}"
        return f"{LIST}/{encounter}/documents/{self._document_id(situation, encounter)}{last}"

    def cursor(self, situation):
        """Return the cursor that the situation sends, as text."""
        owner = None if situation.cursor == "another's" else self.organization(situation)
        era = -1 if situation.cursor == "expired" else 0
        text = str(Cursor(era, (owner or self.stranger).pk, 1, 0))
        return {"cut off": text[:-1], "flipped": text[:-1] + ("0" if text[-1] != "0" else "1")}.get(
            situation.cursor, text
        )

    def header(self, situation, token):
        if situation.secret == "wrong":
            body = token.text[:-49] + tokens.mint(is_test=False).text[18:-6]
            token = tokens.Token(body + tokens.checksum(body), token.public_part, token.is_test)
        if situation.secret == "unknown":
            token = tokens.mint(is_test=situation.is_test)
        text = token.text
        damaged = {"": text, "cut": text[:-1], "flipped": text[:-1] + ("0" if text[-1] != "0" else "1")}
        return HEADERS[situation.header].replace("{}", damaged[situation.damage])

    def _encounter_id(self, situation):
        if situation.encounter in ("unknown", "no id"):
            return f"enc_{'0' * 22}" if situation.encounter == "unknown" else "x%20y"
        owner = self.organization(situation) if situation.mine else self.stranger
        return self.encounters[(owner or self.stranger).pk, situation.encounter].public_id

    def _document_id(self, situation, encounter):
        if situation.document in ("elsewhere", "no id"):
            return self.elsewhere if situation.document == "elsewhere" else "x%20y"
        return self.documents.get((encounter, situation.document), f"doc_{'0' * 22}")

    def _make_keys(self, situations):
        now = timezone.now()
        keys = ApiKey.objects.bulk_create(
            ApiKey(
                label="Invented system",
                organization=self.organization(situation),
                is_test=situation.is_test,
                public_part=token.public_part,
                digest=digests.digest(token.text, situation.number),
                digest_key_number=situation.number,
                created_at=now - timedelta(days=2),
                expires_at=now + timedelta(days=-1 if situation.expired else 1),
                network_mode=NETWORKS[situation.networks][0],
                disabled_at=now if situation.disabled else None,
                revoked_at=now if situation.revoked else None,
                calls_per_minute=LIMIT if situation.reached else None,
            )
            for situation, token in zip(situations, self.tokens, strict=True)
        )
        held = ApiKey.scopes.through
        pairs = chain.from_iterable(
            [held(apikey=key, scope_id=scope.value) for scope in situation.scopes]
            for key, situation in zip(keys, situations, strict=True)
        )
        held.objects.bulk_create(pairs, batch_size=5_000)
        AllowedNetwork.objects.bulk_create(chain.from_iterable(map(_allowed, keys, situations)), batch_size=5_000)
        planning.gather_statistics("partners_apikey")

    def _reach_limits(self):
        """Count as many calls as allowed, in a minute that doesn't end while the situations are tried."""
        tomorrow = timezone.now() + timedelta(days=1)
        limited = ApiKey.objects.filter(calls_per_minute=LIMIT).values_list("public_id", flat=True)
        LimitUse.objects.bulk_create(LimitUse(subject=each, minute=tomorrow, calls=LIMIT) for each in limited)


def _allowed(key, situation):
    rows = AllowedNetwork.listed((text, "Invented network") for text in NETWORKS[situation.networks][1])
    for row in rows:
        row.api_key = key
    return rows


def _encounter(organization, kind):
    values = {"withdrawn_at": START, "record_class": "clinical"} if kind == "withdrawn" else {"record_class": kind}
    return EncounterFactory(organization=organization, **values)
