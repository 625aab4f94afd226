"""The faults: what decides, what reads, what is recorded, what is withheld and what is handed over, each bent a little.

Every one lets the code run. Most open a door by a hand's breadth: a bound that is off by one, a condition that is
gone, a check that looks at another row.
"""

from dataclasses import dataclass

CONTRACT = ("tests/test_contract.py",)
DECISION = ("tests/partners/decision", *CONTRACT, "tests/partners/api")
ENCOUNTERS = (*CONTRACT, "tests/test_contract_documents.py", "tests/test_contract_changes.py", "tests/encounters/api")
KEYS = ("tests/partners/keys", "tests/partners/models/keys")
PARSERS = ("tests/partners/formats", "tests/partners/api", *ENCOUNTERS)
DIAGNOSIS = ("tests/partners/diagnosis", "tests/partners/admin/diagnosis")
LEDGER = ("tests/partners/record", "tests/partners/decision", *CONTRACT)
RESTRICTIONS = (
    *("tests/encounters/restrictions", "tests/encounters/admin", "tests/encounters/totals"),
    "tests/encounters/transcripts/test_run_restrictions.py",
)
LINKS = ("tests/partners/models/handover", "tests/partners/collecting", "tests/partners/keys/test_links.py")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: `old` stands once in the file and becomes `new`. `tests` are those nearest to it."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


POLICY, FACTS, LIMITS = (f"partners/decision/{name}.py" for name in ("policy", "facts", "limits"))
ADDRESS, ENCOUNTER_POLICY = "partners/decision/address.py", "encounters/api/policy.py"
TOKENS, LIFETIMES = "partners/keys/tokens.py", "partners/keys/lifetimes.py"
GRAMMAR, FILTERS, CURSORS = "partners/formats/grammar.py", "partners/api/filters.py", "encounters/api/cursors.py"
LINES, QUERIES = "partners/diagnosis/request_lines.py", "encounters/api/queries.py"
LEDGER_FILE = "partners/record/ledger.py"
KEPT = "partners/record/kept_paths.py"
RESTRICTION, TRIGGERS = (f"encounters/restrictions/{name}.py" for name in ("models", "triggers"))
LINK, FIELDS, OBSTACLES, ROW = (
    f"partners/models/handover/{name}.py" for name in ("link", "fields", "obstacles", "row")
)
LINK_KEYS, PAGE = "partners/keys/links.py", "partners/collecting/pages.py"

MUTANTS = (
    # Policy and facts
    Mutant(
        POLICY, "not call.scopes.issuperset(call.route.scopes)", "call.scopes.isdisjoint(call.route.scopes)", DECISION
    ),
    Mutant(POLICY, "lambda call: call.revoked)", "lambda call: call.revoked and call.disabled)", DECISION),
    Mutant(POLICY, "lambda call: lacks(call.allowlisted))", "lambda call: call.allowlisted is None)", DECISION),
    Mutant(POLICY, "call.test_prefix and lacks(call.accepts_test_keys)", "False", DECISION),
    Mutant(POLICY, "        if denies is None:\n            raise UndecidableFacts(rule.reason.code)\n", "", DECISION),
    Mutant(POLICY, "call.wait > 0", "call.wait > 1", DECISION),
    Mutant(POLICY, "rule.reason.stage is Stage.CREDENTIALS)", "rule.reason.stage is not Stage.LIMIT)", DECISION),
    Mutant(FACTS, "key.expires_at <= %s", "key.expires_at < %s", DECISION),
    Mutant(
        FACTS,
        "WHERE granted.organization_id = organization.id AND granted.route = %s",
        "WHERE granted.organization_id = organization.id OR granted.route = %s",
        DECISION,
    ),
    Mutant(
        FACTS,
        "ON key.verified AND organization.id = key.organization_id",
        "ON organization.id = key.organization_id",
        DECISION,
    ),
    Mutant(FACTS, "held.apikey_id = key.id", "held.apikey_id <= key.id", DECISION),
    Mutant(
        FACTS, "not (enforced and outside)", "not (enforced and outside and bool(row.from_allowed is None))", DECISION
    ),
    Mutant(
        FACTS,
        "allowed.lowest <= %s AND allowed.highest >= %s",
        "allowed.lowest <= %s OR allowed.highest >= %s",
        DECISION,
    ),
    Mutant(FACTS, 'header.strip(" \\t")', "header.strip()", DECISION),
    Mutant(FACTS, "bearer +(?P<token>.+)", "bearer *(?P<token>.+)", DECISION),
    Mutant(LIMITS, "OR counted.calls < %s", "OR counted.calls <= %s", DECISION),
    Mutant(LIMITS, "transaction.set_rollback(True)", "pass", DECISION),
    Mutant(
        ADDRESS, 'rpartition(",")[2] if settings.BEHIND_PROXY', 'partition(",")[0] if settings.BEHIND_PROXY', DECISION
    ),
    Mutant(ADDRESS, ' if settings.BEHIND_PROXY else ""', "", DECISION),
    Mutant(
        ENCOUNTER_POLICY,
        "asked.encounter.organization_pk != asked.organization_pk",
        "asked.organization_pk == 0",
        ENCOUNTERS,
    ),
    Mutant(ENCOUNTER_POLICY, "asked.document.status not in FINAL or ", "", ENCOUNTERS),
    Mutant(ENCOUNTER_POLICY, "asked.cursor.organization != asked.organization_pk", "False", ENCOUNTERS),
    # Parsers
    Mutant(TOKENS, 'match is None or checksum(text[:-CHECKSUM_LENGTH]) != match["checksum"]', "match is None", KEYS),
    Mutant(TOKENS, "BASE62[digit] + characters", "characters + BASE62[digit]", KEYS),
    Mutant(TOKENS, 'match["prefix"] == TEST_PREFIX', "False", KEYS),
    Mutant(LIFETIMES, "now < end <= now + most", "now <= end <= now + most", KEYS),
    Mutant(LIFETIMES, "timezone.now() < end <= created_at + limit", "timezone.now() < end", KEYS),
    Mutant(
        GRAMMAR, 'query_string.split("&") if segment', 'query_string.replace(";", "&").split("&") if segment', PARSERS
    ),
    Mutant(GRAMMAR, 'r"0|[1-9][0-9]{0,9}"', 'r"[0-9]{1,10}"', PARSERS),
    Mutant(GRAMMAR, 'text.replace("+", " ")', "text", PARSERS),
    Mutant(
        GRAMMAR, 'offset if match["sign"] == "+" else -offset', 'offset if match["sign"] == "-" else -offset', PARSERS
    ),
    Mutant(FILTERS, "if len(texts) == 1 else None", "if texts else None", PARSERS),
    Mutant(FILTERS, "unknown is None, unknown)", "True, unknown)", PARSERS),
    Mutant(CURSORS, "if not _SHAPE.fullmatch(text):", "if not _SHAPE.match(text):", PARSERS),
    Mutant(LINES, "_REQUEST_LINE.fullmatch(text)", "_REQUEST_LINE.match(text)", DIAGNOSIS),
    Mutant("encounters/api/filters.py", "start < end, None", "start <= end, None", PARSERS),
    Mutant(QUERIES, "encounter.created_at < %s", "encounter.created_at <= %s", PARSERS),
    # The ledger
    Mutant(
        LEDGER_FILE, "        refusal.withheld = answer\n        return refusal\n", "        return answer\n", LEDGER
    ),
    Mutant(
        LEDGER_FILE,
        "if call is None or call.key_pk is None:",
        "if call is None or call.key_pk is None or call.disabled:",
        LEDGER,
    ),
    Mutant(
        LEDGER_FILE,
        'isinstance(answer, Disclosing) and request.method == "GET"',
        "isinstance(answer, Disclosing)",
        LEDGER,
    ),
    Mutant(
        LEDGER_FILE,
        "    if not isinstance(answer, Disclosing | Refusal):\n        answer = Refusal(Reason.INTERNAL_ERROR)\n",
        "",
        LEDGER,
    ),
    Mutant(
        LEDGER_FILE, "call.digest_key_number < digests.current()", "call.digest_key_number <= digests.current()", LEDGER
    ),
    Mutant(LEDGER_FILE, 'text if is_id(text) else "?"', "text", LEDGER),
    Mutant(LEDGER_FILE, "adapted(connection, disclosed.patients)", "adapted(connection, disclosed.encounters)", LEDGER),
    Mutant(KEPT, "is_harmless(part) else MARK", "is_harmless(part) or len(part) < 3 else MARK", LEDGER),
    # Restrictions
    Mutant(
        RESTRICTION,
        "        return self.filter(of_it | Q(patient=encounter.patient_id) if encounter.patient_id else of_it)",
        "        return self.filter(of_it)",
        RESTRICTIONS,
    ),
    Mutant(
        RESTRICTION,
        "covering = self.active().filter(Q(encounter=OuterRef",
        "covering = self.filter(Q(encounter=OuterRef",
        RESTRICTIONS,
    ),
    Mutant(
        RESTRICTION, "self.active().filter(until__lte=Now())", "self.active().filter(until__gte=Now())", RESTRICTIONS
    ),
    Mutant(RESTRICTION, "            made._settle()\n", "", RESTRICTIONS),
    Mutant(RESTRICTION, "Q(patient__in=patients) | Q(encounter__in=pks)", "Q(encounter__in=pks)", RESTRICTIONS),
    Mutant(TRIGGERS, "OR restriction.patient_id = {row}.patient_id)", ")", RESTRICTIONS),
    Mutant(
        "encounters/totals/buckets.py",
        '"withdrawn_at IS NULL AND restricted_at IS NULL"',
        '"withdrawn_at IS NULL"',
        RESTRICTIONS,
    ),
    Mutant(QUERIES, "AND patient.organization_id = encounter.organization_id ", "", ENCOUNTERS),
    # Links
    Mutant(FIELDS, "self.link_expires_at <= timezone.now()", "self.link_expires_at < timezone.now()", LINKS),
    Mutant(FIELDS, "self.code_failures >= links.ATTEMPTS", "self.code_failures > links.ATTEMPTS", LINKS),
    Mutant(LINK, "filter(pk=self.pk, token_digest=self.token_digest)", "filter(pk=self.pk)", LINKS),
    Mutant(LINK, "code_failures=0,", "", LINKS),
    Mutant(
        OBSTACLES,
        "handover.sent_to != handover.organization.contact_email",
        "not handover.organization.contact_email",
        LINKS,
    ),
    Mutant(
        OBSTACLES,
        "(sender.is_active and sender.has_perm(handover.permission))",
        "sender.is_active",
        LINKS,
    ),
    Mutant(ROW, "        self._lock_open()\n        if refusal", "        self._lock()\n        if refusal", LINKS),
    Mutant(
        LINK_KEYS,
        'salted_hmac(f"partners.keys.links.{token.hex()}", typed',
        'salted_hmac("partners.keys.links", typed',
        LINKS,
    ),
    Mutant(LINK, "return end if fixed is None else min(end, fixed)", "return end", LINKS),
)
