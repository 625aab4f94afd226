"""The orders of a list. The URL names one by `o`, such as `expires` or `-expires`; any other value is ignored."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.admin.views.main import ORDER_VAR
from django.db.models.expressions import OrderBy
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a list: its column, how people say it, and by what the database sorts.

    Two orders of one column follow each other in the list of orders. The heading of the column leads to the first.
    """

    column: str
    words: str
    by: OrderBy

    @property
    def name(self) -> str:
        """Return the name in the URL: the column, with a minus if the largest value comes first."""
        return f"-{self.column}" if self.by.descending else self.column


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a column: the order that its link leads to, and `aria-sort` if the list is sorted by it."""

    leads_to: str
    aria: str


@dataclass(frozen=True, slots=True)
class Sorting:
    """The orders that a list offers, the first by default, and the chosen one."""

    orders: Sequence[Order]
    chosen: Order

    @classmethod
    def of(cls, request: HttpRequest, orders: Sequence[Order]) -> "Sorting":
        """Return the order that the URL names."""
        named = {order.name: order for order in orders}
        return cls(orders, named.get(request.GET.get(ORDER_VAR, ""), orders[0]))

    @property
    def by(self) -> list[OrderBy | str]:
        """Return the arguments for `order_by()`. The primary key makes the order total."""
        return [self.chosen.by, "-pk" if self.chosen.by.descending else "pk"]

    @property
    def headings(self) -> dict[str, Heading]:
        """Return the heading of each column that the list can be sorted by."""
        columns = dict.fromkeys(order.column for order in self.orders)
        return {column: self._heading([order for order in self.orders if order.column == column]) for column in columns}

    def _heading(self, ways: list[Order]) -> Heading:
        if self.chosen not in ways:
            return Heading(ways[0].name, "")
        others = [order for order in ways if order is not self.chosen] or ways
        return Heading(others[0].name, "descending" if self.chosen.by.descending else "ascending")
