"""The list of organizations: its search, its orders, and its rows as a CSV file."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from partners.admin.base import needs, render
from partners.admin.lists import exports
from partners.admin.lists.paging import BoundedPaginator
from partners.admin.lists.sorting import Order, Sorting
from partners.admin.organizations.forms import SearchForm
from partners.catalogue.routes import Route
from partners.finding import last_use
from partners.formats import sheets
from partners.models import Organization, RouteGrant
from partners.names import holds_words
from partners.review import attention, organization_report
from partners.tags import tagged
from partners.usage import chart
from partners.usage.hours import Kind

PER_PAGE = 25
ORDERS = (
    Order("name", "by name, A to Z", F("name_key").asc()),
    Order("name", "by name, Z to A", F("name_key").desc()),
    Order("created", "newest first", F("created_at").desc()),
    Order("created", "oldest first", F("created_at").asc()),
)


@needs("partners.view_organization")
def index(request: HttpRequest) -> HttpResponse:
    """List the organizations."""
    form, sorting = SearchForm(request.GET, label_suffix=""), Sorting.of(request, ORDERS)
    page = BoundedPaginator(_found(form).order_by(*sorting.by), PER_PAGE).get_page(request.GET.get("page"))
    pks = [organization.pk for organization in page.object_list]
    return render(
        request,
        "partners/organizations.html",
        title="Organizations",
        form=form,
        sorting=sorting,
        page=page,
        rows=organization_report.facts_of(list(page.object_list)),
        route_count=len(Route.grantable()),
        usage=chart.of_each(Kind.ORGANIZATION, pks) if request.user.has_perm("partners.view_requestrecord") else None,
    )


@needs("partners.view_organization")
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Return every organization of the list as a CSV file."""
    form = SearchForm(request.GET)
    found = _found(form).order_by(*Sorting.of(request, ORDERS).by)
    lines = sheets.of_facts(organization_report.COLUMNS, organization_report.lines_of(found))
    return exports.answer(request, "Organizations", lines, form.chosen, found.count())


def _found(form: SearchForm) -> QuerySet[Organization]:
    """Return what the form searches for; all organizations if it has errors."""
    wanted = form.chosen
    show, text = wanted.get("show"), wanted.get("q")
    found = attention.nothing_enabled() if show == "nothing" else Organization.objects.all()
    if show in ("allowlisted", "refused"):
        found = found.filter(allowlisted=show == "allowlisted")
    if route := wanted.get("route"):
        found = found.filter(Exists(RouteGrant.objects.filter(organization=OuterRef("pk"), route=route)))
    if used := wanted.get("used"):
        found = found.filter(last_use.of_organization(used))
    if owner := wanted.get("owner"):
        found = found.filter(owner__icontains=owner)
    if tag := wanted.get("tag"):
        found = found.filter(tagged(tag))
    return found.filter(holds_words("name_key", text) | Q(public_id__startswith=text)) if text else found
