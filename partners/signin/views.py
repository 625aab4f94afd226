"""The sign-in pages after name and password: second factor, fresh password, reset."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from partners.models.change import Action
from partners.signin import trail
from partners.signin.base import change_by, onward, page, person, way_back
from partners.signin.forms import CodeForm, EnrolForm, PasswordForm, RecoveryForm, ResetForm, SecondStepForm
from partners.signin.guards import freshness, lockout, second_factor, totp
from partners.signin.models import Phone, RecoveryCode
from partners.signin.own import sessions as own_sessions
from partners.signin.reset import reset, state

SEED = "signin_seed"  # of the phone that is being set up in this session; not a secret, see `totp`


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Require a password, and keep the page and its form out of caches and error reports."""
    return never_cache(sensitive_post_parameters()(login_required(view)))


@signed_in
def code(request: HttpRequest) -> HttpResponse:
    """Ask for a code from the authenticator app."""
    return _second_step(request, CodeForm, "signin/code.html", "Enter your code")


@signed_in
def recovery(request: HttpRequest) -> HttpResponse:
    """Ask for a recovery code, then lead to the page that sets up a new phone."""
    return _second_step(request, RecoveryForm, "signin/recovery.html", "Use a recovery code")


def _second_step(request: HttpRequest, form_class: type[SecondStepForm], template: str, title: str) -> HttpResponse:
    phone = Phone.of(person(request))
    if phone is None:
        return onward("signin:enrol", then=way_back(request))
    if second_factor.is_verified(request):
        return HttpResponseRedirect(way_back(request))
    if request.method == "POST" and lockout.holds(request, person(request).get_username()):
        return lockout.answer(request)
    form = form_class(request, phone, request.POST or None)
    if not form.is_valid():
        return page(request, template, title, form=form)
    _complete(request, phone)
    return redirect("signin:second_factor") if form_class is RecoveryForm else HttpResponseRedirect(way_back(request))


@signed_in
@freshness.fresh_password
def enrol(request: HttpRequest) -> HttpResponse:
    """Set up a phone: the first one, or another one after the earlier one was proved."""
    user = person(request)
    if not _may_enrol(request):
        return onward("signin:code", then=way_back(request))
    if request.method == "POST" and SEED not in request.session:
        return redirect("signin:second_factor")
    seed = request.session.setdefault(SEED, totp.new_seed())
    form = EnrolForm(seed, request.POST or None)
    if not form.is_valid():
        return page(request, "signin/enrol.html", "Set up your second factor", form=form, secret=totp.grouped(seed))
    phone, codes = second_factor.set_up(user, change_by(request), seed=seed, step=form.cleaned_data["code"])
    del request.session[SEED]
    _complete(request, phone)
    return _codes_once(request, codes) if codes else redirect("signin:second_factor")


@signed_in
@require_safe
def qr_code(request: HttpRequest) -> HttpResponse:
    """Return the QR code of the phone that is being set up in this session."""
    if SEED not in request.session:
        raise Http404
    image = totp.qr_code(request.session[SEED], person(request).get_username())
    return HttpResponse(image, content_type="image/svg+xml")


@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """Show people their own second factor."""
    user = person(request)
    left = RecoveryCode.left(user).count()
    return page(request, "signin/second_factor.html", "Your second factor", phone=Phone.of(user), left=left)


@signed_in
@require_POST
def codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes."""
    if not second_factor.is_verified(request):
        return redirect("signin:code")
    return _codes_once(request, second_factor.renew_recovery_codes(person(request), change_by(request)))


@signed_in
@require_safe
def sessions(request: HttpRequest) -> HttpResponse:
    """Show people where they are signed in."""
    return page(
        request,
        "signin/sessions.html",
        "Your sessions",
        sessions=own_sessions.of_person(person(request), request.session),
        here=own_sessions.reference(request.session.session_key),
        second_factor=settings.SECOND_FACTOR,
    )


@signed_in
@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one session of the person, or sign out everywhere."""
    user, change, wanted = person(request), change_by(request), request.POST.get("session", "")
    if not wanted:
        own_sessions.end_all(user, change)
        return sign_out(request)
    if own_sessions.end_one(user, change, wanted):
        messages.success(request, "The session was ended.")
    else:
        messages.info(request, "This session has already ended.")
    return redirect("signin:sessions")


@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """Ask for the password again, then lead back."""
    form = PasswordForm(request, request.POST or None)
    if form.is_valid():
        return HttpResponseRedirect(way_back(request))
    return page(request, "signin/password.html", freshness.TITLE, form=form)


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session, and make the browser clear what it stored for these pages."""
    if request.user.is_authenticated:
        trail.note(Action.SIGNED_OUT, request)
    logout(request)
    response = page(request, "signin/signed_out.html", "You are signed out")
    response["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@signed_in
def reset_for(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let a superuser reset a person's second factor, lockout or password."""
    if not person(request).is_superuser:
        raise PermissionDenied
    return _reset(request, get_object_or_404(User, pk=user_id))


@freshness.fresh_password
def _reset(request: HttpRequest, user: User) -> HttpResponse:
    form = ResetForm(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        change = change_by(request, reason=given.pop("reason"), ticket=given.pop("ticket"))
        try:
            made = reset(user, change, **given)
            return page(request, "signin/reset_done.html", f"Reset for {user}", password=made, person=user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
    return page(request, "signin/reset.html", f"Reset sign-in of {user}", form=form, state=state(user), person=user)


def _may_enrol(request: HttpRequest) -> bool:
    """Return True if there is no phone yet, or it was proved: a stolen password must not replace it."""
    return second_factor.is_verified(request) or Phone.of(person(request)) is None


def _complete(request: HttpRequest, phone: Phone) -> None:
    if not second_factor.is_verified(request):
        trail.note(Action.SECOND_FACTOR_PROVED, request)
    second_factor.complete(request, phone)
    lockout.forget(person(request).get_username(), request)


def _codes_once(request: HttpRequest, made: list[str]) -> HttpResponse:
    return page(request, "signin/codes.html", "Your recovery codes", codes=made)
