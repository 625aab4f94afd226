"""A fresh password before what is dangerous: who left the desk unlocked an hour ago does not revoke a key now."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters

from partners.in_text import holds_token
from partners.signin import sessions
from partners.signin.forms import PasswordForm
from partners.signin.pages import here, onward, page

View = Callable[..., HttpResponse]
NOT_CARRIED = {"csrfmiddlewaretoken", PasswordForm.FIELD}
TITLE = "Confirm your password"


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether the password was proved within the last 15 minutes."""
    return sessions.is_fresh(request.session)


def fresh_password(view: View) -> View:
    """Ask for the password before the view unless its proof is fresh. Nothing typed is lost.

    A page is reached by way of the proof. A form that was sent is asked for the password in the answer, which carries
    its fields along, neither in a URL nor in the session, and then goes on to the view. Guard no form that takes a
    secret: the fields of one that holds a token are not carried, it has to be filled in again.
    """

    @wraps(view)
    @sensitive_post_parameters()
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        given = _take_password(request)
        if is_fresh(request):
            return view(request, *args, **kwargs)
        if request.method in ("GET", "HEAD"):
            return onward("signin:password", then=here(request))
        form = PasswordForm(request, given)
        if form.is_valid():
            return view(request, *args, **kwargs)
        return _ask(request, form)

    return guarded


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
    if any(holds_token(str(value)) for _, value in carried):
        messages.warning(request, "Nothing was changed. Confirm your password, then fill in the form again.")
        return onward("signin:password", then=request.get_full_path())
    return page(request, "signin/password.html", TITLE, form=form, carried=carried)
