"""Opens pages on request: a name comes in as a line, and what the page took goes out as a line of JSON."""

import json
import sys

from django.conf import settings

from benchmarks.admin_lists import counted, cpu, opened, staff  # sets Django up
from benchmarks.stock_admin import pages


def main() -> None:
    """Say which pages there are, then open what is asked for until the end of the input."""
    client = staff()
    is_stock = settings.ROOT_URLCONF == "benchmarks.stock_admin.urls"
    known = {pair.ours.name: pair.stock if is_stock else pair.ours for pair in pages.pairs()}
    print(json.dumps(list(known)), flush=True)
    for line in sys.stdin:
        page, begun = known[line.strip()], cpu()
        took = opened(client, page)
        computed = cpu() - begun
        print(json.dumps({"clock": took, "cpu": computed, "statements": counted(client, page)}), flush=True)


if __name__ == "__main__":
    main()
