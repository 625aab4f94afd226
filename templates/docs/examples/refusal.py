import json
import os
import random
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

HEADERS = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}


def get(path, attempts=5):
    """Return the response as JSON. Retry after 503 and 429, and raise any other error."""
    attempt = 0
    while True:
        try:
            with urlopen(Request(os.environ["CHARTERO_URL"] + path, headers=HEADERS), timeout=30) as answer:
                return json.load(answer)
        except HTTPError as refusal:
            attempt += 1
            if refusal.status not in (429, 503) or attempt == attempts:
                raise
            pause = int(refusal.headers["Retry-After"])
        time.sleep(pause + random.uniform(0, 2**attempt))


try:
    page = get("/external/v1/encounters?limit=500")
except HTTPError as refusal:
    error = json.load(refusal)
    print(error["reason_code"], error["field"])
