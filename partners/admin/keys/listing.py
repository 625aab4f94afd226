"""The list of API keys: its orders, and its rows as a CSV file."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import BadRequest
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST

from partners.admin.base import needs
from partners.admin.keys.filters import USUAL
from partners.admin.lists import exports
from partners.admin.lists.model_admin import StrictModelAdmin
from partners.admin.lists.paging import SearchableList
from partners.admin.lists.sorting import Order, Sorting
from partners.formats import sheets
from partners.models import ApiKey
from partners.review import key_report
from partners.usage import chart
from partners.usage.chart import SmallCharts
from partners.usage.hours import Kind

# A key without an end date expires last, and one that was never used was used first.
ORDERS = (
    Order("issued", "newest first", F("created_at").desc()),
    Order("issued", "oldest first", F("created_at").asc()),
    Order("label", "by label, A to Z", F("label_key").asc()),
    Order("label", "by label, Z to A", F("label_key").desc()),
    Order("organization", "by organization, A to Z", F("organization__name_key").asc(nulls_first=True)),
    Order("organization", "by organization, Z to A", F("organization__name_key").desc(nulls_last=True)),
    Order("used", "last used first", F("last_used_at").desc(nulls_last=True)),
    Order("used", "longest unused first", F("last_used_at").asc(nulls_first=True)),
    Order("expires", "soonest to expire first", F("expires_at").asc(nulls_last=True)),
    Order("expires", "last to expire first", F("expires_at").desc(nulls_first=True)),
)


MOST_AT_ONCE = 500  # keys that are changed in one transaction, which other writers may have to wait for


class KeyList(SearchableList):
    """The keys that the filters in the URL find, in the order that it names."""

    sorting: Sorting
    most_at_once = MOST_AT_ONCE

    def get_ordering(self, request: HttpRequest, queryset: Any) -> Any:
        self.sorting = Sorting.of(request, ORDERS)
        return self.sorting.by

    @cached_property
    def usage(self) -> SmallCharts:
        """Return the calls with each key of the page. A template asks for them, a file doesn't."""
        return chart.of_each(Kind.KEY, [key.pk for key in self.result_list])

    @property
    def selectable(self) -> bool:
        """Return True if all keys of the list can be changed at once."""
        return bool(self.result_count <= MOST_AT_ONCE)

    @property
    def usual_filters(self) -> list[Any]:
        return [each for each in self._filters if isinstance(each, USUAL)]

    @property
    def more_filters(self) -> list[Any]:
        """Return the filters that few people need, which the page folds."""
        return [each for each in self._filters if not isinstance(each, USUAL)]

    @property
    def uses_more_filters(self) -> bool:
        return any(each.value() for each in self.more_filters)

    @property
    def _filters(self) -> list[Any]:
        return cast(list[Any], self.filter_specs)

    @property
    def chosen(self) -> dict[str, str]:
        """Return the values of the search and the filters that narrow the list."""
        values = {each.parameter_name: each.value() for each in self._filters}
        return {name: str(value) for name, value in ({SEARCH_VAR: self.query} | values).items() if value}


def pks_found(request: HttpRequest) -> list[int]:
    """Return the keys that the filters in the URL find; BadRequest if there are more than can be changed at once."""
    pks = list(found(request).queryset.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(pks) > MOST_AT_ONCE:
        raise BadRequest("too many keys to change at once")
    return pks


def found(request: HttpRequest) -> KeyList:
    """Return the list as the URL of another page filters it."""
    own = cast(StrictModelAdmin, admin.site.get_model_admin(ApiKey))
    return cast(KeyList, own.found(request))


@needs("partners.view_apikey")
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Return every key of the list as a CSV file with the columns of `report_keys`."""
    keys = found(request)
    rows = keys.queryset.prefetch_related(None)
    lines = sheets.of_facts(key_report.COLUMNS, key_report.lines_of(rows))
    return exports.answer(request, "API keys", lines, keys.chosen, rows.count())
