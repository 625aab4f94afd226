"""Access reviews: who has access to what now, signed off by a person, and the reviews of before."""

import hashlib
import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from partners.admin.base import needs, render
from partners.admin.forms import ReasonForm
from partners.models import AccessReview
from partners.review.staff import access
from partners.signin import people

MAY_SIGN = "partners.sign_accessreview"
LISTED = 12
_MOVING = {"last_used_at", "last_sign_in"}  # facts that change with each use


class SignForm(ReasonForm):
    """The note of a person who signs off what the page showed. `changed`: it has changed since then."""

    def __init__(self, data: QueryDict | None, *, changed: bool) -> None:
        super().__init__(data)
        self._changed = changed
        self.fields["reason"].label = "Note"
        self.fields["reason"].help_text = "What you looked at, and what was changed because of it."

    def clean(self) -> None:
        """Refuse to sign off what the person hasn't seen."""
        super().clean()
        if self._changed:
            raise ValidationError("Access changed since this page was shown. Look at it again.", code="changed")


def urls() -> list[URLPattern]:
    """Return the URLs of these pages."""
    return [
        path("access-reviews/", index, name="access_reviews"),
        path("access-reviews/<int:review>/", show, name="access_review"),
        path("access-reviews/<int:review>/file/", download, name="access_review_file"),
    ]


@needs(MAY_SIGN)
def index(request: HttpRequest) -> HttpResponse:
    """Show who has access now, and sign it off."""
    facts = {"people": people.with_access(), "organizations": access.of_partners()}
    now = _digest_of_access(facts)
    form = SignForm(request.POST if request.method == "POST" else None, changed=request.POST.get("seen") != now)
    if form.is_valid():
        review = AccessReview.sign(form.change(request), facts)
        messages.success(request, "Signed off.")
        return redirect("admin:access_review", review.pk)
    return render(
        request,
        "partners/staff/reviews.html",
        title="Access review",
        form=form,
        facts=facts,
        seen=now,
        due=AccessReview.is_due(),
        reviews=AccessReview.objects.defer("snapshot")[:LISTED],
    )


@needs(MAY_SIGN)
@require_safe
def show(request: HttpRequest, review: int) -> HttpResponse:
    """Show what was signed off."""
    row = get_object_or_404(AccessReview, pk=review)
    return render(request, "partners/staff/review.html", title=str(row), review=row, facts=row.facts)


@needs(MAY_SIGN)
@require_safe
def download(request: HttpRequest, review: int) -> HttpResponse:
    """Return what was signed off as a file, whose SHA-256 is the digest on record."""
    row = get_object_or_404(AccessReview, pk=review)
    name = f"access-review-{row.reviewed_at:%Y-%m-%d}-{row.pk}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(row.snapshot, content_type="application/json", headers=headers)


def _digest_of_access(facts: dict[str, Any]) -> str:
    """Return the digest of what a review is about, which doesn't change when somebody uses it."""
    return hashlib.sha256(json.dumps(_still(facts), sort_keys=True).encode()).hexdigest()


def _still(facts: Any) -> Any:
    if isinstance(facts, dict):
        return {name: _still(value) for name, value in facts.items() if name not in _MOVING}
    return [_still(each) for each in facts] if isinstance(facts, list) else facts
