"""The page about the keys in a pasted text. The text is never kept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from partners.admin.base import render
from partners.diagnosis.pasted import Pasted, keys_in
from partners.keys import in_text


@sensitive_variables()
def page(request: HttpRequest, text: str) -> HttpResponse | None:
    """Return the page of the only key in the text, or a list of its keys; None if no key is in it."""
    pasted = keys_in(text)
    if pasted.only:
        messages.info(request, pasted.only.proof.value)
        return redirect("admin:partners_apikey_change", pasted.only.key.pk)
    return _listed(request, pasted) if pasted.matches else None


@sensitive_variables()
def nothing_found(request: HttpRequest, text: str) -> HttpResponse:
    """Say that no key is in the text, and what could not be searched: a key may still have leaked."""
    return _listed(request, keys_in(text))


def _listed(request: HttpRequest, pasted: Pasted) -> HttpResponse:
    return render(request, "partners/found.html", title="Keys in the text", pasted=pasted, longest=in_text.LONGEST)
