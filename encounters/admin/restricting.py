"""The page that restricts an encounter, all encounters of its patient, or one of its documents."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from encounters.models import Document, Encounter, Restriction
from encounters.recordings import storage as recordings
from partners.admin.base import needs, render
from partners.admin.forms import ReasonForm
from partners.formats.spans import expiry

SHOWN = 50  # documents of one encounter to choose from
ENCOUNTER, PATIENT = "encounter", "patient"  # also the kinds of their restrictions


class RestrictForm(ReasonForm):
    """What is withheld, until when, and why."""

    what = forms.ChoiceField(widget=forms.RadioSelect, label="What to withhold")
    until = forms.CharField(
        required=False,
        max_length=50,
        label="Until (optional)",
        widget=forms.DateInput({"type": "date"}),
        help_text="Through the end of that day (UTC), and until lift_restrictions runs after it. Leave it empty to "
        "restrict for good.",
    )
    field_order = ["what", "until", "reason", "ticket"]

    def __init__(self, subjects: dict[str, tuple[Any, str]], *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.subjects = subjects
        self.fields["what"].choices = [(name, words) for name, (_, words) in subjects.items()]  # type: ignore[attr-defined]

    def clean_until(self) -> Any:
        text = self.cleaned_data["until"]
        return expiry(text) if text else None

    def impose(self, request: HttpRequest) -> Restriction:
        """Restrict what was chosen. The form must be valid."""
        subject, _ = self.subjects[self.cleaned_data["what"]]
        return Restriction.impose(subject, self.change(request), until=self.cleaned_data["until"])


@needs("encounters.restrict_records")
def restrict(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what each choice concerns, and restrict one."""
    encounter = get_object_or_404(Encounter.objects.select_related("organization", "patient"), pk=pk)
    documents = _documents(encounter)
    subjects = _subjects(encounter, documents[:SHOWN])
    initial = {"what": next(iter(subjects), None)}
    form = RestrictForm(subjects, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid() and (made := form.attempt(lambda: form.impose(request))):
        messages.success(request, f"The {made.kind} is restricted. Partners don't get it from the next call on.")
        return redirect("admin:encounters_encounter_change", encounter.pk)
    return render(
        request,
        "encounters/restrict.html",
        title="Restrict a record",
        encounter=encounter,
        form=form,
        cut_at=SHOWN if len(documents) > SHOWN else 0,
        link_lifetime=_lifetime_of_links(),
    )


def shown(request: HttpRequest, encounter: Encounter) -> list[Restriction]:
    """Return the active restrictions that concern an encounter, for staff who may see them."""
    if not request.user.has_perm("encounters.view_restriction"):
        return []
    return list(Restriction.objects.active().about(encounter))


def _lifetime_of_links() -> str:
    """Return how long links work that can't be taken back; blank if all can be."""
    return "" if recordings.is_local() else recordings.lifetime(settings.AUDIO_URL_SECONDS)


def _documents(encounter: Encounter) -> list[Document]:
    """Return the first documents that can be restricted, and one more if not all of them are shown."""
    free = encounter.documents.filter(withdrawn_at=None, restricted_at=None)
    return list(free.order_by("created_at", "public_id").defer("content", "turns")[: SHOWN + 1])


def _subjects(encounter: Encounter, documents: list[Document]) -> dict[str, tuple[Any, str]]:
    """Return what can be restricted and is not: by name, with what that concerns in words."""
    taken = {each.kind for each in Restriction.objects.active().about(encounter)}
    found: dict[str, tuple[Any, str]] = {ENCOUNTER: (encounter, "This encounter")}
    if encounter.patient is not None:
        number = encounter.patient.encounters.count()
        encounters = f"{number:,} encounter{'' if number == 1 else 's'}"
        words = f"Its patient: {encounters} now, and all that are imported later"
        found[PATIENT] = (encounter.patient, words)
    found |= {document.public_id: (document, _words(document)) for document in documents}
    return {name: pair for name, pair in found.items() if name not in taken}


def _words(document: Document) -> str:
    return f"Only its document {document.public_id}: {document.title or document.get_schema_type_display()}"
