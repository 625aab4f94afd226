"""The keys in a text that somebody searches for. The text is never kept."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_variables

from partners.admin.leaks.page import found
from partners.diagnosis.pasted import keys_in


@sensitive_variables()
def page(request: HttpRequest, text: str) -> HttpResponse | None:
    """Return the page of the only key in the text, or a list of its keys; None if no key is in it."""
    pasted = keys_in(text)
    if pasted.only:
        messages.info(request, pasted.only.proof.sentence)
        return redirect("admin:partners_apikey_change", pasted.only.key.pk)
    return found(request, pasted.matches, pasted) if pasted.matches else None


@sensitive_variables()
def nothing_found(request: HttpRequest, text: str) -> HttpResponse:
    """Say that no key is in the text, and what could not be searched: a key may still have leaked."""
    pasted = keys_in(text)
    return found(request, pasted.matches, pasted)
