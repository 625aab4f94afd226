import json
import os
from urllib.parse import urlencode
from urllib.request import Request, urlopen

LIST = os.environ["CHARTERO_URL"] + "/external/v1/encounters?"
HEADERS = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}


def encounters(**window):
    """Yield every encounter in a window, oldest first."""
    offset, total = 0, 1
    while offset < total:
        query = {**window, "sort_order": "asc", "limit": 100, "offset": offset}
        with urlopen(Request(LIST + urlencode(query), headers=HEADERS), timeout=30) as answer:
            page = json.load(answer)
        yield from page["items"]
        offset, total = offset + 100, page["total"]


for encounter in encounters(start_at="2026-01-01T00:00:00Z", end_at="2026-04-01T00:00:00Z"):
    print(json.dumps(encounter))
