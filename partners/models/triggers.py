"""Rules that the database itself enforces by trigger, the same on both databases.

They are installed after every migration rather than by one, because SQLite drops a table's triggers whenever a
migration rebuilds the table.
"""

from dataclasses import dataclass

from partners.triggers.definitions import Definition, Function, TriggerSet

# Six years before 29 February is 28 February. SQLite alone would make it 1 March, and allow a delete a day early.
SIX_YEARS_AGO = {
    "sqlite": "CASE strftime('%m-%d', 'now') WHEN '02-29' THEN datetime('now', '-1 day', '-6 years')"
    " ELSE datetime('now', '-6 years') END",
    "postgresql": "now() - interval '6 years'",
}

_RAISE = "RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';"
REFUSE = Function("chartero_refuse", f"\nBEGIN\n    {_RAISE}\nEND\n", names_tables=False)
_REFUSE_IF = """
BEGIN
    IF {condition} THEN
        {refuse}
    END IF;
    RETURN {row};
END
"""
ALWAYS = "1 = 1"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Refuse `event` (UPDATE or DELETE) on rows of `table` for which SQL `condition` over OLD and NEW holds.

    `{six_years_ago}` in a condition is replaced by that time, in SQL and by the database's clock.
    """

    name: str
    table: str
    event: str
    message: str
    condition: str = ALWAYS

    def sqlite(self) -> Definition:
        """Return the trigger for SQLite, whose condition is in the statement."""
        head = f"CREATE TRIGGER {self.name} BEFORE {self.event} ON {self.table} FOR EACH ROW"
        refuse = f"BEGIN SELECT RAISE(ABORT, '{self.message}'); END"
        return Definition(self.name, self.table, f"{head} WHEN ({self._condition('sqlite')}) {refuse}")

    def postgresql(self) -> list[Definition]:
        """Return the triggers for PostgreSQL. TRUNCATE fires no row trigger and needs one of its own."""
        of_row = self._on_postgresql(self.name, f"{self.event} ON {self.table} FOR EACH ROW", self._function())
        if self.event != "DELETE":
            return [of_row]
        whole = f"TRUNCATE ON {self.table} FOR EACH STATEMENT"
        return [of_row, self._on_postgresql(f"{self.name}_whole", whole, REFUSE)]

    def _on_postgresql(self, name: str, what: str, function: Function) -> Definition:
        sql = f"CREATE TRIGGER {name} BEFORE {what} EXECUTE FUNCTION {function.name}('{self.message}')"
        return Definition(name, self.table, sql, function)

    def _function(self) -> Function:
        """Return the function that looks at a row, and refuses or passes it on."""
        if self.condition == ALWAYS:
            return REFUSE
        row = "OLD" if self.event == "DELETE" else "NEW"
        body = _REFUSE_IF.format(condition=self._condition("postgresql"), refuse=_RAISE, row=row)
        return Function(self.name, body, names_tables=False)

    def _condition(self, vendor: str) -> str:
        return self.condition.format(six_years_ago=SIX_YEARS_AGO[vendor])


# Only what is older may be deleted: 45 CFR 164.316(b)(2)(i) and 164.528(a) require six years.
KEPT, YOUNG = "a record is kept for six years", "OLD.occurred_at > {six_years_ago}"

TRIGGERS = (
    Trigger("change_event_is_final", "partners_changeevent", "UPDATE", "a recorded change cannot be altered"),
    Trigger("change_event_is_kept", "partners_changeevent", "DELETE", KEPT, YOUNG),
    Trigger("request_record_is_final", "partners_requestrecord", "UPDATE", "a record of a request cannot be altered"),
    Trigger("request_record_is_kept", "partners_requestrecord", "DELETE", KEPT, YOUNG),
    Trigger("unkeyed_count_is_final", "partners_unkeyedcount", "UPDATE", "a count of answers cannot be altered"),
    Trigger("unkeyed_count_is_kept", "partners_unkeyedcount", "DELETE", KEPT, "OLD.minute > {six_years_ago}"),
    Trigger("seal_is_final", "partners_seal", "UPDATE", "a seal cannot be altered"),
    Trigger("seal_is_kept", "partners_seal", "DELETE", "a seal cannot be deleted"),
    Trigger(
        "organization_is_kept",
        "partners_organization",
        "DELETE",
        "an organization cannot be deleted; take it off the allowlist",
    ),
    Trigger("api_key_is_kept", "partners_apikey", "DELETE", "an API key cannot be deleted; revoke it"),
    Trigger(
        "api_key_stays_revoked",
        "partners_apikey",
        "UPDATE",
        "a revocation is final",
        "OLD.revoked_at IS NOT NULL AND (NEW.revoked_at IS NULL OR NEW.revoked_at <> OLD.revoked_at)",
    ),
    Trigger(
        "api_key_stays_itself",
        "partners_apikey",
        "UPDATE",
        "what identifies an API key never changes",
        "NEW.id <> OLD.id OR NEW.public_id <> OLD.public_id OR NEW.public_part <> OLD.public_part"
        " OR NEW.is_test <> OLD.is_test OR NEW.digest_key_number < OLD.digest_key_number"
        " OR (NEW.digest <> OLD.digest) <> (NEW.digest_key_number <> OLD.digest_key_number)"
        " OR COALESCE(NEW.organization_id, 0) <> COALESCE(OLD.organization_id, 0)",
    ),
    Trigger(
        "webhook_endpoint_is_kept",
        "partners_webhookendpoint",
        "DELETE",
        "a webhook endpoint cannot be deleted; switch it off",
    ),
    Trigger(
        "webhook_endpoint_stays_itself",
        "partners_webhookendpoint",
        "UPDATE",
        "what identifies a webhook endpoint never changes, and no secret comes back",
        "NEW.id <> OLD.id OR NEW.public_id <> OLD.public_id OR NEW.organization_id <> OLD.organization_id"
        " OR NEW.url <> OLD.url OR NEW.generation < OLD.generation",
    ),
    Trigger("webhook_event_is_final", "partners_webhookevent", "UPDATE", "a webhook event cannot be altered"),
    Trigger("webhook_attempt_is_final", "partners_webhookattempt", "UPDATE", "a webhook attempt cannot be altered"),
    Trigger("access_review_is_final", "partners_accessreview", "UPDATE", "an access review cannot be altered"),
    Trigger("access_review_is_kept", "partners_accessreview", "DELETE", "an access review cannot be deleted"),
    Trigger("approval_is_kept", "partners_approval", "DELETE", "a request for approval cannot be deleted"),
    Trigger(
        "approval_stays_itself",
        "partners_approval",
        "UPDATE",
        "what somebody asked for never changes",
        "NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.facts <> OLD.facts OR NEW.by_asker <> OLD.by_asker"
        " OR NEW.asked_at <> OLD.asked_at OR NEW.asked_by <> OLD.asked_by OR NEW.asked_from <> OLD.asked_from"
        " OR NEW.reason <> OLD.reason OR NEW.ticket <> OLD.ticket"
        " OR COALESCE(NEW.asker_id, 0) <> COALESCE(OLD.asker_id, 0)"
        " OR COALESCE(NEW.organization_id, 0) <> COALESCE(OLD.organization_id, 0)"
        " OR (OLD.api_key_id IS NOT NULL AND COALESCE(NEW.api_key_id, 0) <> OLD.api_key_id)",
    ),
    Trigger(
        "approval_is_decided_once",
        "partners_approval",
        "UPDATE",
        "a decision is final",
        "OLD.decision <> '' AND (NEW.decision <> OLD.decision OR NEW.before <> OLD.before OR NEW.note <> OLD.note"
        " OR NEW.decided_by <> OLD.decided_by OR COALESCE(NEW.decider_id, 0) <> COALESCE(OLD.decider_id, 0)"
        " OR NEW.decided_at IS NULL OR NEW.decided_at <> OLD.decided_at"
        " OR COALESCE(NEW.handover_id, 0) <> COALESCE(OLD.handover_id, 0))",
    ),
)


SET = TriggerSet(
    sqlite=tuple(each.sqlite() for each in TRIGGERS),
    postgresql=tuple(definition for each in TRIGGERS for definition in each.postgresql()),
)
