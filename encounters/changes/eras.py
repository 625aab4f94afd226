"""The SQL triggers that begin an era of an organization's cursors where no change is logged.

If an organization receives names again, or no longer, all that it reads changes at once. And an organization that is
created after a restore can get the number of one that was lost, whose cursors are still kept somewhere.
"""

from partners.triggers.definitions import Definition, Function

ORGANIZATIONS = "partners_organization"
# Eras are named after the second in which they begin.
_NOW = {
    "postgresql": "CAST(extract(epoch FROM statement_timestamp()) AS bigint)",
    "sqlite": "CAST(strftime('%s', 'now') AS integer)",
}
_LATER = {"postgresql": "greatest", "sqlite": "max"}
_BEGIN = """
    INSERT INTO encounters_changehorizon (organization_id, era, position, encounter) VALUES (NEW.id, {now}, 0, 0)
    ON CONFLICT (organization_id) DO UPDATE SET era = {later}(encounters_changehorizon.era + 1, excluded.era);"""
_JOIN = """
    INSERT INTO encounters_changehorizon (organization_id, era, position, encounter)
    SELECT NEW.id, era, 0, 0 FROM encounters_changehorizon WHERE era > 0 ORDER BY era DESC LIMIT 1;"""
_ROW = """
BEGIN
    IF {condition} THEN{act}
    END IF;
    RETURN NULL;
END
"""


def definitions(vendor: str) -> tuple[Definition, ...]:
    """Return the triggers for a database."""
    define = {"sqlite": _sqlite, "postgresql": _postgresql}[vendor]
    begin = _BEGIN.format(now=_NOW[vendor], later=_LATER[vendor])
    return (
        define("encounter_era_organization_insert", "INSERT", "TRUE", _JOIN),
        define(
            "encounter_era_organization_names",
            "UPDATE OF receives_names",
            "NEW.receives_names <> OLD.receives_names",
            begin,
        ),
    )


def _sqlite(name: str, event: str, condition: str, act: str) -> Definition:
    sql = f"CREATE TRIGGER {name} AFTER {event} ON {ORGANIZATIONS} WHEN {condition} BEGIN{act}\nEND"
    return Definition(name, ORGANIZATIONS, sql)


def _postgresql(name: str, event: str, condition: str, act: str) -> Definition:
    sql = f"CREATE TRIGGER {name} AFTER {event} ON {ORGANIZATIONS} FOR EACH ROW EXECUTE FUNCTION {name}()"
    return Definition(name, ORGANIZATIONS, sql, Function(name, _ROW.format(condition=condition, act=act)))
