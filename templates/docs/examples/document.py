import json
import os
from urllib.request import Request, urlopen

encounter = os.environ["CHARTERO_URL"] + "/external/v1/encounters/" + os.environ["ENCOUNTER_ID"]
url = encounter + "/documents/" + os.environ["DOCUMENT_ID"]
headers = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

with urlopen(Request(url, headers=headers), timeout=30) as answer:
    document = json.load(answer)["document"]

if document["schema_type"] == "document":
    print(document["content"]["text"] or "")
