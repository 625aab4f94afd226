"""The two pages that make a key: issue and rotate.

Each sends the organization's contact a link, or shows the token only once, in the answer to its form.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.debug import sensitive_variables

from partners.admin import nonces
from partners.admin.base import needs, render
from partners.admin.forms import ChangeForm
from partners.admin.handovers import sending
from partners.admin.handovers.forms import PHONE_CODE, PhoneCodeForm
from partners.admin.keys.forms import IssueForm, RotateForm
from partners.admin.keys.opening import OpeningOffer, organization_in, require_permission
from partners.admin.lists.model_admin import is_pk
from partners.admin.verbs import WAITS
from partners.api.base_url import base_url
from partners.catalogue.routes import Route
from partners.diagnosis import forecasting
from partners.keys.digests import DigestKeyUnavailable
from partners.keys.tokens import Token
from partners.models import ApiKey, KeyHandover, Organization
from partners.models.approvals.key import WantedKey
from partners.models.change import Action, Change
from partners.review.approvals import asking
from partners.signin.base import person
from partners.signin.guards.freshness import fresh_password

Make = Callable[[], tuple[ApiKey, Token]]
Row = TypeVar("Row", bound=Model)


def urls() -> list[URLPattern]:
    """Return the URLs of these pages, relative to the list of API keys."""
    return [
        path("issue/", issue, name="partners_apikey_issue"),
        path("<int:pk>/rotate/", rotate, name="partners_apikey_rotate"),
    ]


@needs("partners.issue_apikey")
@fresh_password
def issue(request: HttpRequest) -> HttpResponse:
    """Ask what the key is for, show what it can call, then issue it."""
    if request.method != "POST":
        return _ask(request, IssueForm(initial=_filled_in(request)))
    form, step = IssueForm(request.POST), request.POST.get("step")
    if preset := request.POST.get("preset"):
        return _ask(request, IssueForm(initial=_opening(request, form).filled_in(form, preset)))
    if not form.is_valid() or step == "change":
        return _ask(request, form)
    require_permission(request, form)
    if step in ("issue", "send") and asking.need_approval(is_test=form.is_test):
        return _asked_for(request, form, by_link=step == "send") or _ask(request, form)
    if step == "issue":
        return _shown_once(request, form, lambda: _issued(request, form)) or _ask(request, form)
    if step == "send":
        return sending.send_new(request, form, lambda: _prepared(request, form)) or _ask(request, form)
    return _check(request, form)


@needs("partners.rotate_apikey")
@fresh_password
def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue the successor of a key, and end the key after an overlap."""
    key = get_object_or_404(ApiKey.objects.select_related("organization"), pk=pk)
    form = RotateForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (answer := _rotate(request, form, key)):
        return answer
    key.refresh_from_db()
    return render(
        request,
        "partners/rotate.html",
        title="Rotate key",
        key=key,
        form=form,
        refusal=key.refusal(Action.KEY_ROTATED),
        ends=form.ends(key),
        forecasts=forecasting.of_key(key),
        waiting=key.handovers.waiting().first(),
        offer=sending.Offer.of(key.organization),
        options=PhoneCodeForm(),
        nonce=_nonce(request),
    )


def _rotate(request: HttpRequest, form: RotateForm, key: ApiKey) -> HttpResponse | None:
    """Send a link to the successor, or make it and show its token; None if that is refused."""
    if request.POST.get("step") == "send":
        return sending.send_new(request, form, lambda: _prepared_successor(request, form, key))
    return _shown_once(request, form, lambda: _rotated(request, form, key))


def _ask(request: HttpRequest, form: IssueForm) -> HttpResponse:
    names = Organization.objects.values_list("name", flat=True)
    return render(
        request,
        "partners/issue.html",
        title="Issue key",
        form=form,
        opening=_opening(request, form),
        organizations=names,
        nonce=_nonce(request),
    )


def _opening(request: HttpRequest, form: IssueForm) -> OpeningOffer:
    return OpeningOffer.of(request, organization_in(form))


def _check(request: HttpRequest, form: IssueForm) -> HttpResponse:
    values = form.values
    forecasts = forecasting.of_new_key(
        values["organization"],
        values["scopes"],
        is_test=values["is_test"],
        allowlisted=form.allowlists,
        routes=form.opened,
    )
    return render(
        request,
        "partners/issue_check.html",
        title="Review the new key",
        form=form,
        values=values,
        forecasts=forecasts,
        opening=_opening(request, form),
        passes=any(each.passes for each in forecasts),
        idle=forecasting.idle(forecasts, values["scopes"]),
        offer=sending.Offer.of(values["organization"]),
        options=PhoneCodeForm(),
        nonce=_nonce(request),
        asks=asking.need_approval(is_test=form.is_test),
    )


def _asked_for(request: HttpRequest, form: IssueForm, *, by_link: bool) -> HttpResponse | None:
    """Ask another person to approve the key; None if that is refused, with the errors in the form."""
    wanted = WantedKey(
        **{name: value for name, value in form.terms.items() if name != "is_test"},
        by_link=by_link,
        description=form.description,
        allowlist=form.allowlists,
        enable=form.opened,
        phone_code=by_link and PHONE_CODE in request.POST,
    )
    change = form.change(request)
    try:
        approval = form.attempt(lambda: asking.ask_for_key(wanted, change, person(request)))
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
        return None
    if approval is None:
        return None
    messages.warning(request, WAITS)
    return redirect("admin:approval", approval.pk)


@sensitive_variables()
def _issued(request: HttpRequest, form: IssueForm) -> tuple[ApiKey, Token]:
    return ApiKey.issue(_opened(request, form), **form.values, **form.description)


@sensitive_variables()
def _rotated(request: HttpRequest, form: RotateForm, key: ApiKey) -> tuple[ApiKey, Token]:
    return key.rotate(form.change(request), overlap=form.span)


def _prepared(request: HttpRequest, form: IssueForm) -> KeyHandover:
    return KeyHandover.prepare(_opened(request, form), person(request), **form.terms, **form.description)


def _opened(request: HttpRequest, form: IssueForm) -> Change:
    """Give the organization the access that the form asks for, and return the change for the key."""
    change = form.change(request)
    if form.opens:
        form.open(form.cleaned_data["organization"], change)
    return change


def _prepared_successor(request: HttpRequest, form: RotateForm, key: ApiKey) -> KeyHandover:
    return KeyHandover.prepare_successor(form.change(request), person(request), key, overlap=form.span)


@sensitive_variables()
def _shown_once(request: HttpRequest, form: ChangeForm, make: Make) -> HttpResponse | None:
    """Make the key and show its token in this answer; None if it is refused, with the errors in the form.

    The answer is rendered before the commit: if rendering fails, there is no key whose token was lost.
    """
    try:
        with nonces.single_use(request.POST.get("nonce", ""), person(request)) as use:
            key, token = make()
            use.made(key)
            return issued_page(request, key, token)
    except nonces.AlreadyUsed as used:
        return sending.already_used(request, used)
    except ValidationError as refusal:
        form.refuse(refusal)
    except DigestKeyUnavailable as fault:
        form.add_error(None, str(fault))
    return None


@sensitive_variables()
def issued_page(request: HttpRequest, key: ApiKey, token: Token) -> HttpResponse:
    """Return the page that shows a token, rendered, so that nothing can fail once the key is committed."""
    response = render(
        request,
        "partners/issued.html",
        title="Key issued",
        key=key,
        token=token.text,
        url=f"{base_url(request)}/external/v1/{Route.ENCOUNTERS_LIST.path}?limit=1",
        forecasts=forecasting.of_key(key),
    )
    # The page shows a secret: nobody keeps it, and no link on it tells others where it was.
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response.render()


def _filled_in(request: HttpRequest) -> dict[str, Any]:
    """Return what the link to this page fills in: the organization, or all that a replacement takes from a key."""
    keys = ApiKey.objects.select_related("organization").prefetch_related("scopes")
    if key := _linked(keys, request.GET.get("replacement_for", "")):
        partner = {} if key.organization is None else {"organization": key.organization.name}
        kind = "test" if key.is_test else "live"
        scopes = [scope.name for scope in key.scopes.all()]
        return partner | {"label": key.label, "kind": kind, "scopes": scopes} | key.description
    organization = _linked(Organization.objects.all(), request.GET.get("organization", ""))
    return {"organization": organization.name} if organization else {}


def _linked(rows: QuerySet[Row], pk: str) -> Row | None:
    return rows.filter(pk=int(pk)).first() if is_pk(pk) else None


def _nonce(request: HttpRequest) -> str:
    """Return the nonce that the form carries, or a new one."""
    return nonces.kept(request.POST.get("nonce", ""), person(request))
