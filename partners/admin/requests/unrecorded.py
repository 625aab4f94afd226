"""A request id that is in no key's record: the answer that we kept, or what its absence can mean."""

from django.http import HttpRequest, HttpResponse

from partners.admin.base import render
from partners.catalogue.reasons import Reason, Stage
from partners.finding.lookup import find_unkeyed
from partners.models import ApiKey, RequestRecord
from partners.models.record import KEPT
from partners.record import retention

# Faults of the service: with these, a call is not in its key's record even if it named a valid key.
FAULTS = (Reason.SERVICE_UNAVAILABLE, Reason.INTERNAL_ERROR, Reason.DIGEST_KEY_UNAVAILABLE)


def is_unrecorded(request_id: str) -> bool:
    """Return True if no key has a record of this request id."""
    return not RequestRecord.objects.filter(request_id=request_id).exists()


def show(request: HttpRequest, request_id: str) -> HttpResponse:
    """Show the answer with this request id, or what its absence can mean. The person may view requests."""
    answer = find_unkeyed(request_id)
    if answer is None:
        context = {"days": KEPT.days, "years": retention.years()}
        return render(request, "partners/answer_unknown.html", status=404, title=request_id, **context)
    key = ApiKey.objects.filter(public_part=answer.public_part).first() if answer.public_part else None
    return render(
        request,
        "partners/answer.html",
        title=request_id,
        answer=answer,
        key=key,
        ours=answer.reason in FAULTS,
        credentials=answer.reason.stage is Stage.CREDENTIALS,
        days=KEPT.days,
    )
