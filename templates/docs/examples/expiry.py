import json
import os
import sys
from datetime import UTC, datetime
from urllib.request import Request, urlopen

url = os.environ["CHARTERO_URL"] + "/external/v1/key"
headers = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

with urlopen(Request(url, headers=headers), timeout=30) as answer:
    key = json.load(answer)["key"]

if key["expires_at"] is None:
    print("never")
else:
    days = (datetime.fromisoformat(key["expires_at"]) - datetime.now(UTC)).days
    if days < 30:
        sys.exit(f"{days} days left")
    print(days)
