"""The pages that change one key: its state, the end of an overlap, scopes, expiry, limit, description, comments."""

from collections.abc import Callable
from dataclasses import dataclass

from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path

from partners.admin.base import needs, render
from partners.admin.description import DESCRIBE_TITLE, CommentForm, DescriptionForm
from partners.admin.forms import ChangeForm, LimitForm, ReasonForm
from partners.admin.keys import rotations
from partners.admin.keys.forms import ExpiryForm, RevokeForm, ScopesForm, end_of
from partners.admin.verbs import Verb, say
from partners.catalogue.routes import Scope
from partners.diagnosis import forecasting
from partners.models import ApiKey
from partners.models.change import Action, Change
from partners.review.approvals import asking
from partners.signin.base import person
from partners.signin.guards.freshness import fresh_password

PAGE = "admin:partners_apikey_change"
Form = type[ChangeForm]
Method = Callable[[ApiKey, Change], None]


@dataclass(frozen=True, slots=True)
class KeyVerb(Verb[ApiKey]):
    """One change of a key, with its name in URLs, permissions and templates, and the action that is recorded."""

    name: str
    action: Action

    @property
    def stops(self) -> bool:
        """Return True if calls with the key are refused from then on."""
        return self.action in (Action.KEY_DISABLED, Action.KEY_REVOKED, Action.ROTATION_FINISHED)

    @classmethod
    def of(cls, name: str, title: str, action: Action, method: Method, done: str, form: Form = ReasonForm) -> "KeyVerb":
        """Return the verb for a method of the model that needs nothing but the change."""
        return cls(title, form, lambda key, change, given: method(key, change), done, name, action)


DISABLE = KeyVerb.of(
    "disable", "Disable key", Action.KEY_DISABLED, ApiKey.disable, "Key disabled. Its calls are refused."
)
ENABLE = KeyVerb.of("enable", "Enable key", Action.KEY_ENABLED, ApiKey.enable, "Key enabled.")
REVOKE = KeyVerb.of(
    "revoke", "Revoke key", Action.KEY_REVOKED, ApiKey.revoke, "Key revoked. This can't be undone.", RevokeForm
)
FINISH = KeyVerb.of(
    "finish",
    "End the overlap now",
    Action.ROTATION_FINISHED,
    ApiKey.finish_rotation,
    "Overlap ended. Only the successor works now.",
)
EXPIRY = KeyVerb(
    title="Change expiry",
    form=ExpiryForm,
    apply=lambda key, change, given: key.set_expiry(change, end_of(given["until"])),
    done="Expiry saved.",
    name="expire",
    action=Action.EXPIRY_CHANGED,
)
LIMIT = KeyVerb(
    title="Change limit",
    form=LimitForm,
    apply=lambda key, change, given: key.set_limit(change, given["calls_per_minute"]),
    done="Limit saved. It applies from the next call.",
    name="limit",
    action=Action.KEY_LIMIT_CHANGED,
)
DESCRIBE = KeyVerb(
    title=DESCRIBE_TITLE,
    form=DescriptionForm,
    apply=lambda key, change, given: key.describe(change, **DescriptionForm.description_in(given)),
    done="Owner, note and tags saved.",
    name="describe",
    action=Action.DESCRIPTION_CHANGED,
)
COMMENT = KeyVerb.of("comment", "Comment", Action.COMMENTED, ApiKey.comment, "Comment added.", CommentForm)
SCOPES_SAVED = "Scopes saved. They apply from the next call."


def urls() -> list[URLPattern]:
    """Return the URLs of these pages, relative to the list of API keys."""
    pages = {
        "disable": disable,
        "enable": enable,
        "revoke": revoke,
        "finish": finish,
        "expire": expire,
        "limit": limit,
        "scopes": scopes,
        "describe": describe,
        "comment": comment,
    }
    return [path(f"<int:pk>/{name}/", page, name=f"partners_apikey_{name}") for name, page in pages.items()]


@needs("partners.disable_apikey")
def disable(request: HttpRequest, pk: int) -> HttpResponse:
    """Disable a key: its calls are refused until it is enabled again."""
    return _change_by(DISABLE, request, pk)


@needs("partners.enable_apikey")
@fresh_password
def enable(request: HttpRequest, pk: int) -> HttpResponse:
    """Enable a disabled key."""
    return _change_by(ENABLE, request, pk)


@needs("partners.revoke_apikey")
@fresh_password
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a key for good."""
    return _change_by(REVOKE, request, pk)


@needs("partners.rotate_apikey")
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """End the overlap of a rotation early."""
    return _change_by(FINISH, request, pk)


@needs("partners.expire_apikey")
def expire(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a key expire on another day."""
    return _change_by(EXPIRY, request, pk)


@needs("partners.limit_apikey")
def limit(request: HttpRequest, pk: int) -> HttpResponse:
    """Limit the calls a minute with a key, or remove the limit."""
    return _change_by(LIMIT, request, pk)


@needs("partners.describe_apikey")
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Change who is responsible for a key, its note and its tags."""
    return _change_by(DESCRIBE, request, pk)


@needs("partners.comment_changeevent")
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a comment to the timeline of a key."""
    return _change_by(COMMENT, request, pk)


@needs("partners.scope_apikey")
def scopes(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the scopes of a key. A review shows first what added scopes allow."""
    key = _key(pk)
    held = list(key.scopes.values_list("name", flat=True))
    if request.method != "POST":
        return _ask_scopes(request, key, ScopesForm(initial={"scopes": [*held, *request.GET.getlist("scope")]}))
    form = ScopesForm(request.POST)
    if not form.is_valid() or request.POST.get("step") == "change":
        return _ask_scopes(request, key, form)
    added = [scope for scope in form.cleaned_data["scopes"] if scope not in held]
    return _add_scopes(request, key, form, added) if added else _set_scopes(request, key, form)


def _add_scopes(request: HttpRequest, key: ApiKey, form: ScopesForm, added: list[Scope]) -> HttpResponse:
    """Add the scopes if their consequences were shown; otherwise show them."""
    wanted = form.cleaned_data["scopes"]
    if set(added) <= set(form.cleaned_data["shown"]):
        return _set_scopes(request, key, form)
    forecasts = forecasting.of_key(key, wanted)
    return render(
        request,
        "partners/scopes_check.html",
        title="Review the new scopes",
        key=key,
        form=form,
        added=added,
        opened=forecasting.opened(forecasting.of_key(key), forecasts),
        idle=forecasting.idle(forecasts, added),
        forecasts=forecasts,
        asks=asking.need_approval(is_test=key.is_test),
    )


def _set_scopes(request: HttpRequest, key: ApiKey, form: ScopesForm) -> HttpResponse:
    change, wanted = form.change(request), form.cleaned_data["scopes"]
    outcome = form.attempt(lambda: asking.set_scopes(key, wanted, change, person(request)))
    if outcome is None:
        return _ask_scopes(request, key, form)
    say(request, outcome, SCOPES_SAVED, taken="Scopes removed. The key no longer has them.")
    return redirect(PAGE, key.pk)


def _ask_scopes(request: HttpRequest, key: ApiKey, form: ScopesForm) -> HttpResponse:
    return render(
        request,
        "partners/scopes.html",
        title="Change scopes",
        key=key,
        form=form,
        refusal=key.refusal(Action.SCOPES_CHANGED),
        asks=asking.need_approval(is_test=key.is_test),
    )


def _change_by(verb: KeyVerb, request: HttpRequest, pk: int) -> HttpResponse:
    key = _key(pk)
    shown = key.description | model_to_dict(key, fields=["calls_per_minute"])
    form = verb.form(request.POST if request.method == "POST" else None, initial=shown)
    if form.is_valid() and verb.carry_out(request, key, form):
        return redirect(PAGE, key.pk)
    return render(
        request,
        "partners/change_key.html",
        title=verb.title,
        verb=verb,
        key=key,
        form=form,
        refusal=key.refusal(verb.action),
        progress=rotations.progress(request, key, getattr(key, "replaced_by", None)) if verb.stops else None,
    )


def _key(pk: int) -> ApiKey:
    return get_object_or_404(ApiKey.objects.select_related("organization", "replaced_by"), pk=pk)
