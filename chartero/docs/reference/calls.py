"""A call of each route as code, in every language, made from the path of the route."""

import re

from chartero.docs.examples import Example, Language

_CURL = """\
curl --silent --show-error \\
  "$CHARTERO_URL{path}" \\
  --header "Authorization: Bearer $CHARTERO_KEY"\
"""
_PYTHON = """\
import json
import os
from urllib.request import Request, urlopen

url = "{{CHARTERO_URL}}{path}".format_map(os.environ)
headers = {{"Authorization": "Bearer " + os.environ["CHARTERO_KEY"]}}

with urlopen(Request(url, headers=headers), timeout=30) as answer:
    print(json.dumps(json.load(answer), indent=2))\
"""
_JAVASCRIPT = """\
const {{ env }} = process;
const url = `${{env.CHARTERO_URL}}{path}`;
const headers = {{ Authorization: `Bearer ${{env.CHARTERO_KEY}}` }};

const answer = await fetch(url, {{ headers, redirect: "error" }});
if (!answer.ok) throw new Error(`${{answer.status}} ${{await answer.text()}}`);
console.log(JSON.stringify(await answer.json(), null, 2));\
"""
# The code of each language, and how it reads an id from the environment within the path.
_CODE = {
    Language.CURL: (_CURL, "${}"),
    Language.PYTHON: (_PYTHON, "{{{}}}"),
    Language.JAVASCRIPT: (_JAVASCRIPT, "${{env.{}}}"),
}


def of(path: str) -> list[Example]:
    """Return a call of this path in every language. Each id is read from the environment, as in ENCOUNTER_ID."""
    return [Example(language, code.format(path=_filled(path, id_))) for language, (code, id_) in _CODE.items()]


def variables(path: str) -> list[str]:
    """Return the variables of the environment that hold the ids of a path."""
    return [name.upper() for name in re.findall(r"{(\w+)}", path)]


def _filled(path: str, id_: str) -> str:
    return re.sub(r"{(\w+)}", lambda match: id_.format(match[1].upper()), path)
