import json
import os
import shutil
from urllib.request import Request, urlopen

encounter = os.environ["CHARTERO_URL"] + "/external/v1/encounters/" + os.environ["ENCOUNTER_ID"]
url = encounter + "/documents/" + os.environ["DOCUMENT_ID"] + "/audio"
headers = {"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}

with urlopen(Request(url, headers=headers), timeout=30) as answer:
    audio_url = json.load(answer)["audio_url"]

# The second call must not send the key.
with urlopen(audio_url, timeout=30) as recording, open("recording", "wb") as file:
    shutil.copyfileobj(recording, file)
