import os
from urllib.error import HTTPError
from urllib.request import Request, urlopen

url = os.environ["CHARTERO_URL"] + "/external/v1/encounters?limit=1"
headers = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

try:
    with urlopen(Request(url, headers=headers, method="HEAD"), timeout=30) as answer:
        print(answer.status)
except HTTPError as refusal:
    print(refusal.status)
