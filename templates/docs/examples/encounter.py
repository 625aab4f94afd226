import json
import os
from urllib.request import Request, urlopen

url = os.environ["CHARTERO_URL"] + "/external/v1/encounters/" + os.environ["ENCOUNTER_ID"]
headers = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

with urlopen(Request(url, headers=headers), timeout=30) as answer:
    encounter = json.load(answer)["encounter"]

print(encounter["status"], encounter["updated_at"])
for document in encounter["documents"]:
    print(document["document_id"], document["schema_type"], document["status"])
