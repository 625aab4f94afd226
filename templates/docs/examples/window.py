import json
import os
from urllib.parse import urlencode
from urllib.request import Request, urlopen

query = {
    "start_at": "2026-01-01T00:00:00+01:00",
    "end_at": "2026-02-01T00:00:00+01:00",
    "sort_order": "asc",
}
url = os.environ["CHARTERO_URL"] + "/external/v1/encounters?" + urlencode(query)
headers = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

with urlopen(Request(url, headers=headers), timeout=30) as answer:
    page = json.load(answer)

print(len(page["items"]), "of", page["total"])
