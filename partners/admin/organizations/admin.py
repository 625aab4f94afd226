"""Organizations: the list, and the page that creates one."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from partners.admin.base import ReadOnlyAdmin, needs, render
from partners.admin.organizations import page as organization_page
from partners.admin.organizations import purpose
from partners.admin.organizations.forms import NewOrganizationForm, SearchForm
from partners.admin.paging import BoundedPaginator
from partners.catalogue.routes import Route
from partners.models import ApiKey, KeyState, Organization, RouteGrant
from partners.names import holds_words
from partners.review import attention

PER_PAGE = 50
PAGE = "admin:partners_organization_change"


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyAdmin):
    """Organizations. Our own pages replace Django's, at the same URLs."""

    list_display = ("name",)
    search_fields = ("name", "=public_id")
    actions = None

    def get_urls(self) -> list[URLPattern]:
        return [
            path("<int:pk>/access/", organization_page.change_access, name="partners_organization_access"),
            path("<int:pk>/contact/", organization_page.change_contact, name="partners_organization_contact"),
            path("<int:pk>/purpose/", purpose.change_purpose, name="partners_organization_purpose"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return index(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return create(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return organization_page.show(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect(PAGE, object_id)


@needs("partners.view_organization")
def index(request: HttpRequest) -> HttpResponse:
    """List the organizations, by name."""
    form = SearchForm(request.GET, label_suffix="")
    found = _found(**form.cleaned_data) if form.is_valid() else Organization.objects.all()
    page = BoundedPaginator(found.order_by("name_key"), PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    routes = _counts(RouteGrant.objects.all(), rows)
    keys = _counts(ApiKey.objects.in_state(KeyState.ACTIVE), rows)
    used = dict(
        ApiKey.objects.filter(organization__in=rows)
        .order_by()
        .values_list("organization")
        .annotate(Max("last_used_at"))
    )
    return render(
        request,
        "partners/organizations.html",
        title="Organizations",
        form=form,
        page=page,
        rows=[(row, routes.get(row.pk, 0), keys.get(row.pk, 0), used.get(row.pk)) for row in rows],
        route_count=len(Route.grantable()),
    )


def _found(q: str, show: str) -> QuerySet[Organization]:
    organizations = attention.nothing_enabled() if show == "nothing" else Organization.objects.all()
    if show in ("allowlisted", "refused"):
        organizations = organizations.filter(allowlisted=show == "allowlisted")
    return organizations.filter(holds_words("name_key", q) | Q(public_id__startswith=q)) if q else organizations


def _counts(owned: QuerySet[Any], organizations: list[Organization]) -> dict[int, int]:
    """Count the rows of each organization on one page, in one statement."""
    rows = owned.filter(organization__in=organizations).order_by().values_list("organization")
    return dict(rows.annotate(number=Count("pk")))


@needs("partners.add_organization")
def create(request: HttpRequest) -> HttpResponse:
    """Create an organization, then go to its page."""
    form = NewOrganizationForm(request.POST if request.method == "POST" else None)
    organization = form.attempt(lambda: _create(request, form), "name") if form.is_valid() else None
    if organization is None:
        return render(request, "partners/organization_form.html", title="New organization", form=form)
    messages.success(request, f"{organization.name} was created. It can't call the API yet.")
    return redirect(PAGE, organization.pk)


def _create(request: HttpRequest, form: NewOrganizationForm) -> Organization:
    facts = {name: form.cleaned_data[name] for name in ("contact_name", "contact_email", "purpose")}
    return Organization.create(form.cleaned_data["name"], form.change(request), **facts)
