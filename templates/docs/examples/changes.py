import json
import os
from urllib.parse import urlencode
from urllib.request import Request, urlopen

CHANGES = os.environ["CHARTERO_URL"] + "/external/v1/changes?"
HEADERS = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

query = {"limit": 1000}
if "CURSOR" in os.environ:
    query["cursor"] = os.environ["CURSOR"]

has_more = True
while has_more:
    with urlopen(Request(CHANGES + urlencode(query), headers=HEADERS), timeout=30) as answer:
        page = json.load(answer)
    for each in page["items"]:
        print(each["change"], each["encounter_id"])
    query["cursor"], has_more = page["next_cursor"], page["has_more"]

print(query["cursor"])
