"""Every event is an AuditEvent of FHIR, as a library judges that is not ours. R4B has the AuditEvent of R4."""

import pytest

from partners.audit.fhir import calls, changes
from partners.models import ChangeEvent, RequestRecord
from partners.models.change import Action
from tests.factories import CHANGE, RequestRecordFactory

auditevent = pytest.importorskip("fhir.resources.R4B.auditevent", reason="needs .ci/requirements.txt")
pytestmark = [pytest.mark.django_db, pytest.mark.tools]


def test_every_event_is_a_valid_audit_event(told):
    told.record(told.encounter())
    told.record(told.encounter(), route="encounters.detail", resource=told.encounter().public_id, query="")
    for status, code in ((403, "missing_scope"), (503, "service_unavailable")):
        RequestRecordFactory(api_key=told.key, status=status, reason_code=code, query="")
    for action in Action:
        ChangeEvent.record(
            action, CHANGE, organization=told.organization, api_key=told.key, after={"patient_id": told.id}
        )
    events = [*calls.events(RequestRecord.objects.order_by("pk")), *changes.events(ChangeEvent.objects.order_by("pk"))]
    assert len(events) > len(Action) + 4
    for event in events:
        auditevent.AuditEvent.model_validate(event)


@pytest.mark.parametrize("name", ["type", "recorded", "agent", "source"])
def test_an_event_without_a_required_element_is_found(told, name):
    (event,) = calls.events([told.record(told.encounter())])
    del event[name]
    with pytest.raises(ValueError, match=name):
        auditevent.AuditEvent.model_validate(event)
