"""Every staff page that is opened, measured and pictured: the one list. A new page is a new line here."""

from typing import NamedTuple


class StaffPage(NamedTuple):
    """A page, and who opens it. `path` names the demonstration's rows: `{key[pk]}`, `{organization[public_id]}`."""

    name: str
    path: str
    role: str | None = "superuser"


PAGES = [
    StaffPage("sign-in", "/admin/login/", role=None),
    StaffPage("home", "/admin/"),
    StaffPage("home-support", "/admin/", role="support"),
    StaffPage("organizations", "/admin/partners/organization/"),
    StaffPage("organization", "/admin/partners/organization/{organization[pk]}/change/"),
    *(
        StaffPage(f"organization-{part}", f"/admin/partners/organization/{{organization[pk]}}/{part}/")
        for part in ("access", "keys", "calls", "changes")
    ),
    StaffPage("organization-new", "/admin/partners/organization/{new_organization[pk]}/change/", role="onboarding"),
    StaffPage("organization-add", "/admin/partners/organization/add/"),
    StaffPage("organization-contact", "/admin/partners/organization/{organization[pk]}/contact/"),
    StaffPage("organization-limit", "/admin/partners/organization/{organization[pk]}/limit/"),
    StaffPage("organization-purpose", "/admin/partners/organization/{organization[pk]}/purpose/"),
    StaffPage("organization-describe", "/admin/partners/organization/{organization[pk]}/describe/"),
    StaffPage("organization-comment", "/admin/partners/organization/{organization[pk]}/comment/", role="support"),
    StaffPage("keys", "/admin/partners/apikey/"),
    StaffPage("keys-expiring", "/admin/partners/apikey/?state=active&expires=90&o=expires", role="security"),
    StaffPage("key-replace", "/admin/partners/apikey/issue/?replacement_for={expired_key[pk]}"),
    StaffPage("key-issue", "/admin/partners/apikey/issue/"),
    StaffPage("key-issue-first", "/admin/partners/apikey/issue/?organization={new_organization[pk]}"),
    StaffPage("key-rotate", "/admin/partners/apikey/{key[pk]}/rotate/"),
    StaffPage("key-disable", "/admin/partners/apikey/{key[pk]}/disable/"),
    StaffPage("key-enable", "/admin/partners/apikey/{disabled_key[pk]}/enable/"),
    StaffPage("key-revoke", "/admin/partners/apikey/{key[pk]}/revoke/"),
    StaffPage("key-describe", "/admin/partners/apikey/{key[pk]}/describe/"),
    StaffPage("key-comment", "/admin/partners/apikey/{key[pk]}/comment/", role="support"),
    StaffPage("key-expire", "/admin/partners/apikey/{key[pk]}/expire/", role="security"),
    StaffPage("key-limit", "/admin/partners/apikey/{key[pk]}/limit/"),
    StaffPage("key-scopes", "/admin/partners/apikey/{key[pk]}/scopes/"),
    StaffPage("key-networks", "/admin/partners/apikey/{key[pk]}/networks/", role="onboarding"),
    StaffPage("key-finish", "/admin/partners/apikey/{rotated_key[pk]}/finish/"),
    StaffPage("key-reads", "/admin/partners/apikey/{key[pk]}/reads/", role="security"),
    StaffPage("links", "/admin/partners/apikey/links/", role="support"),
    StaffPage("link", "/admin/partners/apikey/links/{link[pk]}/"),
    StaffPage("link-resend", "/admin/partners/apikey/links/{link[pk]}/resend/"),
    StaffPage("link-withdraw", "/admin/partners/apikey/links/{link[pk]}/withdraw/"),
    StaffPage("keys-none-found", "/admin/partners/apikey/?q=nothing-has-this-label"),
    StaffPage("key", "/admin/partners/apikey/{key[pk]}/change/"),
    StaffPage("key-disabled", "/admin/partners/apikey/{disabled_key[pk]}/change/"),
    StaffPage("key-expired", "/admin/partners/apikey/{expired_key[pk]}/change/"),
    StaffPage("key-revoked", "/admin/partners/apikey/{revoked_key[pk]}/change/"),
    StaffPage("key-rotated", "/admin/partners/apikey/{rotated_key[pk]}/change/"),
    StaffPage("requests", "/admin/partners/requestrecord/"),
    StaffPage("requests-own-time", "/admin/partners/requestrecord/?time=own&code=refused&start=2026-01-01T00:00"),
    StaffPage("requests-none-found", "/admin/partners/requestrecord/?status=503", role="support"),
    StaffPage("request-served", "/admin/partners/requestrecord/{served_call[public_id]}/", role="security"),
    StaffPage("request-refused", "/admin/partners/requestrecord/{refused_call[public_id]}/", role="support"),
    StaffPage("request-without-key", "/admin/partners/requestrecord/{unkeyed_call[public_id]}/", role="support"),
    StaffPage("diagnosis", "/admin/diagnosis/"),
    StaffPage("diagnosis-recorded", "/admin/diagnosis/?call={refused_call[public_id]}", role="support"),
    StaffPage("reasons", "/admin/reasons/"),
    StaffPage("reason", "/admin/reasons/missing_scope/"),
    StaffPage("search", "/admin/search/", role="support"),
    StaffPage("switch", "/admin/switch/"),
    StaffPage("switch-turn", "/admin/switch/turn/"),
    StaffPage("changes", "/admin/partners/changeevent/"),
    StaffPage("changes-own-days", "/admin/partners/changeevent/?time=own&kind=keys&start=2026-01-01", role="security"),
    StaffPage("changes-none-found", "/admin/partners/changeevent/?q=nothing-has-this-ticket"),
    StaffPage("change", "/admin/partners/changeevent/{event[pk]}/change/"),
    StaffPage("disclosures", "/admin/disclosures/", role="security"),
    StaffPage("leaks", "/admin/leaks/", role="security"),
    StaffPage("leaks-support", "/admin/leaks/", role="support"),
    StaffPage("encounters", "/admin/encounters/encounter/"),
    StaffPage("encounter", "/admin/encounters/encounter/{encounter[pk]}/change/"),
    StaffPage("users", "/admin/auth/user/"),
    StaffPage("user", "/admin/auth/user/{user[pk]}/change/"),
    StaffPage("user-add", "/admin/auth/user/add/"),
    StaffPage("roles", "/admin/auth/group/"),
    StaffPage("role", "/admin/auth/group/{group[pk]}/change/"),
    StaffPage("password", "/admin/password_change/"),
    StaffPage("password-again", "/signin/password/"),
    StaffPage("second-factor", "/signin/second-factor/"),
    StaffPage("sessions", "/signin/sessions/"),
    StaffPage("enrol", "/signin/enrol/"),
    StaffPage("sign-in-reset", "/signin/reset/{user[pk]}/"),
]
