"""A fresh password before every change, so that an unlocked screen alone is not enough to change anything."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from partners.keys.in_text import holds_token
from partners.signin.base import here, onward, page
from partners.signin.forms import PasswordForm
from partners.signin.guards import sessions

View = Callable[..., HttpResponse]
NOT_CARRIED = {"csrfmiddlewaretoken", PasswordForm.FIELD}
TITLE = "Confirm your password"
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
_SECOND_STEP = "it follows the password in the same sign-in, and asks for a proof itself"
# Every other page asks for the password, including pages added later.
WITHOUT_PROOF = {
    "admin:login": "it proves the password",
    "admin:logout": "it only ends the session",
    "admin:password_change": "it asks for the password itself",
    "admin:diagnosis": "it only reads, and its form may hold a token, which no page may repeat",
    "admin:leaks": "it only reads, and its form may hold a token, which no page may repeat",
    "admin:search": "it only reads, and its form may hold a token, which no page may repeat",
    "admin:partners_apikey_find": "it only reads, and its form may hold a token, which no page may repeat",
    "admin:partners_changeevent_changelist": "it only reads, and its form may hold a token, which no page may repeat",
    "admin:partners_requestrecord_find": "it only reads",
    "signin:password": "it is the proof",
    "signin:code": _SECOND_STEP,
    "signin:recovery": _SECOND_STEP,
}


def is_fresh(request: HttpRequest) -> bool:
    """Return True if the password was proved within the last 15 minutes."""
    return sessions.is_fresh(request.session)


def fresh_password(view: View) -> View:
    """Ask for the password before the page is shown. The middleware asks for it before a form is accepted.

    Use it for a page that shows a secret, or whose form takes one: such a form can't be carried along.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in SAFE and not is_fresh(request):
            return onward("signin:password", then=here(request))
        return view(request, *args, **kwargs)

    return wrapped


@sensitive_post_parameters()
def password_page(request: HttpRequest) -> HttpResponse | None:
    """Return the page that asks for the password before a form is accepted; None if the proof is fresh.

    The page carries the fields of the form in hidden inputs, not in a URL or the session, and sends them again with
    the password. A form that holds a secret is not carried: people have to fill it in again.
    """
    given = _take_password(request)
    if is_fresh(request):
        return None
    form = PasswordForm(request, given)
    return None if form.is_valid() else _ask(request, form)


def _take_password(request: HttpRequest) -> dict[str, str] | None:
    """Return the password that came with the form, and remove it before the view sees it."""
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
