"""The page “Why does this call fail?”, and a page for each reason code."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from partners.admin.base import needs, render
from partners.admin.diagnosis.findings import as_sent, describe
from partners.admin.diagnosis.then_and_now import compare
from partners.api.responses import Refusal
from partners.catalogue.reasons import Reason, Stage
from partners.catalogue.remedies import REMEDIES
from partners.catalogue.routes import Route
from partners.diagnosis import callers
from partners.diagnosis.answers import PastedAnswer, find_answer
from partners.diagnosis.callers import NOTHING_SENT, Credentials, Holder, RecordedHolder, Sent
from partners.diagnosis.calls import diagnose
from partners.diagnosis.request_lines import RequestLine
from partners.finding import lookup
from partners.identifiers import matcher
from partners.keys.in_text import without_tokens
from partners.keys.tokens import parse
from partners.record.kept_parameters import kept_parameter
from partners.templatetags.fixing import Staff

MOST_OF_A_REQUEST = 8_000  # characters
_is_key_id, _is_request_id = matcher("key"), matcher("req")


class CallForm(forms.Form):
    """A call as a partner describes it. The submitted text is never rendered, because it may hold a token."""

    credentials = forms.CharField(required=False, max_length=1_000)
    request = forms.CharField(required=False, max_length=MOST_OF_A_REQUEST)
    address = forms.GenericIPAddressField(required=False, unpack_ipv4=True)

    def __init__(self, staff: Staff, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.staff = staff

    def clean_credentials(self) -> Credentials | None:
        """Read the key, the token or the request id; None if the field is empty."""
        text = self.cleaned_data["credentials"]
        if callers.is_of_a_call(text) and not self.staff.has_perm("partners.view_requestrecord"):
            raise ValidationError("You don't have permission to view requests.", code="not_allowed")
        return callers.read(text) if text else None

    def clean_request(self) -> RequestLine | None:
        """Read the request line, which is known for a recorded call. None if the other field is wrong."""
        text, caller = self.cleaned_data["request"], self.cleaned_data.get("credentials")
        if not text and "credentials" in self.errors:
            return None
        if not text and isinstance(caller, RecordedHolder):
            text = caller.record.request_line
        if not text:
            raise ValidationError("Enter the request as the partner sent it.", code="required")
        return RequestLine.parse(text)

    def caller(self) -> Credentials:
        """Return the credentials: from the first field, else from the header in a curl command."""
        header = self.cleaned_data["request"].authorization
        return self.cleaned_data["credentials"] or (NOTHING_SENT if header is None else Sent(header))


@needs("partners.view_apikey")
@sensitive_post_parameters()
@sensitive_variables()
def diagnosis(request: HttpRequest) -> HttpResponse:
    """Ask for a call, and say why it fails. A token comes only by POST, and no page repeats it.

    With `?call=req_…` in the URL, a recorded call is diagnosed at once.
    """
    if unkeyed := _unkeyed(request):
        return redirect("admin:partners_requestrecord_change", unkeyed)
    if answer := find_answer(request.POST.get("request", "")[:MOST_OF_A_REQUEST]):
        return _explained(request, answer)
    form = CallForm(request.user, request.POST if request.method == "POST" else _named_call(request))
    kept = {name: without_tokens(request.POST.get(name, "")) for name in ("request", "address")}
    kept["credentials"] = _preselected(request)
    context: dict[str, Any] = {"title": "Why does this call fail?", "form": form, "kept": kept}
    if form.is_valid():
        caller, line = form.caller(), form.cleaned_data["request"]
        kept |= {"credentials": _quotable(caller), "request": without_tokens(f"{line.method} {line.target}")}
        kept["address"] = form.cleaned_data["address"] or _recorded_address(caller)
        context |= _diagnosed(caller, line, kept["address"] or None)
    return render(request, "partners/diagnosis.html", **context)


@needs("partners.view_apikey")
def reasons(request: HttpRequest) -> HttpResponse:
    """List every reason code by stage, in the order of the checks."""
    stages = [(stage, [(each, REMEDIES[each]) for each in Reason if each.stage is stage]) for stage in Stage]
    return render(request, "partners/reasons.html", title="Reason codes", stages=stages)


@needs("partners.view_apikey")
def reason(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a reason code means, what causes it, and who fixes it and how."""
    try:
        shown = Reason.coded(code)
    except KeyError:
        raise Http404 from None
    order = [None, *Reason, None]
    at = order.index(shown)
    scopes = next(iter(Route)).scopes if shown is Reason.MISSING_SCOPE else ()
    return render(
        request,
        "partners/reason.html",
        title=shown.code,
        reason=shown,
        remedy=REMEDIES[shown],
        example=as_sent(Refusal(shown, "cursor" if shown is Reason.UNSUPPORTED_FILTER else None, scopes)),
        before=order[at - 1],
        after=order[at + 1],
    )


def urls() -> list[URLPattern]:
    """Return the URLs of these pages, for the site to include."""
    return [
        path("diagnosis/", diagnosis, name="diagnosis"),
        path("reasons/", reasons, name="reasons"),
        path("reasons/<slug:code>/", reason, name="reason"),
    ]


def _explained(request: HttpRequest, answer: PastedAnswer) -> HttpResponse:
    """Redirect from a pasted answer to the diagnosis of its call, or without a request id to its reason code."""
    if answer.request_id and request.user.has_perm("partners.view_requestrecord"):
        return redirect(f"{reverse('admin:diagnosis')}?{urlencode({'call': answer.request_id})}")
    messages.info(request, "This is what the pasted answer means. Its request id leads to the call itself.")
    return redirect("admin:reason", answer.reason.code)


@sensitive_variables()
def _diagnosed(caller: Credentials, line: RequestLine, address: str | None) -> dict[str, Any]:
    key = caller.key
    found = diagnose(line, partial(caller.facts, address=address)).to_show()
    then = compare(caller.record, line, found) if isinstance(caller, RecordedHolder) else None
    refused = then.then if then else None
    findings = describe(then.on_record(found) if then else found, caller, refused)
    return {
        "findings": findings,
        "sentence": then.sentence(findings) if then else findings.sentence,
        "line": line,
        "key": key,
        "token": isinstance(caller, Sent) and caller.token is not None,
        "token_name": _token_name(caller),
        "verified": found.call is not None and found.call.secret_matches is True,
        "then": then,
        "today": then and then.today(findings),
        "parameter": kept_parameter(findings.diagnosis.refusal.field) if findings.diagnosis.refusal else None,
    }


@sensitive_variables()
def _token_name(caller: Credentials) -> str:
    """Return the part of a token that may be shown: the public part, if the checksum or a key proves that it is one."""
    token = parse(caller.token or "") if isinstance(caller, Sent) else None
    return "" if token is None else without_tokens(token.text)


def _quotable(caller: Credentials) -> str:
    if isinstance(caller, RecordedHolder):
        return caller.record.request_id
    return caller.key.public_id if isinstance(caller, Holder) else ""


def _recorded_address(caller: Credentials) -> str:
    return caller.record.address if isinstance(caller, RecordedHolder) else ""


def _preselected(request: HttpRequest) -> str:
    given = request.GET.get("call") or request.GET.get("key", "")
    return given if _is_key_id(given) or _is_request_id(given) else ""


@sensitive_variables()
def _unkeyed(request: HttpRequest) -> str | None:
    """Return the request id if only that was given and its answer belongs to no key, and so has its own page."""
    given = request.GET.get("call", "") if request.method == "GET" else request.POST.get("credentials", "")
    if request.POST.get("request") or not request.user.has_perm("partners.view_requestrecord"):
        return None
    try:
        wanted = lookup.request_id(given)
    except ValidationError:
        return None
    return wanted if lookup.find_unkeyed(wanted) else None


def _named_call(request: HttpRequest) -> dict[str, str] | None:
    given = request.GET.get("call", "")
    return {"credentials": given} if _is_request_id(given) else None
