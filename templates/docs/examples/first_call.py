import json
import os
from urllib.request import Request, urlopen

url = os.environ["CHARTERO_URL"] + "/external/v1/encounters?limit=2"
headers = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

with urlopen(Request(url, headers=headers), timeout=30) as answer:
    page = json.load(answer)

print(page["total"], "encounters")
for encounter in page["items"]:
    print(encounter["encounter_id"], encounter["created_at"])
