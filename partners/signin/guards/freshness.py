"""A fresh password before every change: who finds a desk unlocked changes nothing, unless the password is recent."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from partners.keys.in_text import holds_token
from partners.signin.forms import PasswordForm
from partners.signin.guards import sessions
from partners.signin.pages import here, onward, page

View = Callable[..., HttpResponse]
NOT_CARRIED = {"csrfmiddlewaretoken", PasswordForm.FIELD}
TITLE = "Confirm your password"
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_SECOND_STEP = "it follows the password within one sign-in, and asks for a proof itself"
# Every other page asks, also one that does not exist yet.
WITHOUT_PROOF = {
    "admin:login": "it proves the password",
    "admin:logout": "it ends the session, and changes nothing else",
    "admin:password_change": "it asks for the password itself",
    "admin:diagnosis": "it reads, and its form may hold a token, which no answer repeats",
    "admin:partners_apikey_find": "it reads, and its form may hold a token, which no answer repeats",
    "admin:partners_requestrecord_find": "it reads",
    "signin:password": "it is the proof",
    "signin:code": _SECOND_STEP,
    "signin:recovery": _SECOND_STEP,
}


def is_fresh(request: HttpRequest) -> bool:
    """Return True if the password was proved within the last 15 minutes."""
    return sessions.is_fresh(request.session)


def fresh_password(view: View) -> View:
    """Ask for the password before the page is shown. What is sent to it asks by itself, like every other page.

    For a page that shows a secret, or whose form takes one: that form could not be carried along.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in SAFE and not is_fresh(request):
            return onward("signin:password", then=here(request))
        return view(request, *args, **kwargs)

    return guarded


@sensitive_post_parameters()
def asked(request: HttpRequest) -> HttpResponse | None:
    """Return the page that asks for the password before a form is taken; None if its proof is fresh.

    Nothing typed is lost. The page carries the fields of the form along, neither in a URL nor in the session, and sends
    them again with the password. Fields of a form that holds a secret are not carried: it has to be filled in again.
    """
    given = _take_password(request)
    if is_fresh(request):
        return None
    form = PasswordForm(request, given)
    return None if form.is_valid() else _ask(request, form)


def _take_password(request: HttpRequest) -> dict[str, str] | None:
    """Return the password that was sent along, and take it out of the form before the view sees it."""
    if PasswordForm.FIELD not in request.POST:
        return None
    form = request.POST.copy()
    password = form.pop(PasswordForm.FIELD)[-1]
    request.POST = form  # type: ignore[assignment]
    return {PasswordForm.FIELD: str(password)}


def _ask(request: HttpRequest, form: PasswordForm) -> HttpResponse:
    carried = [(name, value) for name, values in request.POST.lists() if name not in NOT_CARRIED for value in values]
    if any(_is_secret(name, str(value)) for name, value in carried):
        messages.warning(request, "Nothing was changed. Confirm your password, then fill in the form again.")
        return onward("signin:password", then=request.get_full_path())
    return page(request, "signin/password.html", TITLE, form=form, carried=carried)


def _is_secret(name: str, value: str) -> bool:
    return "password" in name or holds_token(value)
