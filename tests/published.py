"""Every answer of the API, held to the published document: its status, its headers, its code, and each key of
its body."""

import functools
import json
import re

from jsonschema import Draft202012Validator

from chartero import openapi

OUTSIDE_EVERY_ROUTE = {"https_required", "route_not_found", "bad_request", "service_unavailable", "internal_error"}
CODES = "x-reason-codes"
NOT_DESCRIBED = {"Content-Type", "Content-Length", "Date", "Server", "Connection", "Strict-Transport-Security"}
NOT_SCHEMAS = {"enum", "const", "required", "discriminator", "example"}


def checked(request):
    """Return Django's `Client.request` so that what it gets under `/external/` is checked."""

    @functools.wraps(request)
    def call(client, **environment):
        response = request(client, **environment)
        sent = response.request
        if sent["PATH_INFO"].startswith("/external"):
            check(sent["REQUEST_METHOD"], sent["PATH_INFO"], response.status_code, response.headers, response.content)
        return response

    return call


def check(method, path, status, headers, body):
    """Assert that the document says of such an answer whatever it is."""
    described, codes = _described(method, path, status)
    _check_headers(described["headers"], headers)
    if method == "HEAD":
        assert not body, "HEAD has no body"
        return
    assert headers["Content-Type"] in described["content"], "an undocumented type of body"
    told = json.loads(body)
    faults = [f"{fault.json_path}: {fault.message}" for fault in _validator(path, status).iter_errors(told)]
    assert not faults, f"{method} {path} {status} is not as published: {faults}"
    assert codes is None or told["reason_code"] in codes, f"{told['reason_code']} is undocumented for {path} {status}"


def _described(method, path, status):
    """Return what is said of the answer, and which codes it may have; None for a 200."""
    item = _item(path)
    operation = (item or _route_with_an_id())["get"]  # HEAD is answered as GET is
    assert str(status) in operation["responses"], f"{method} {path}: status {status} is undocumented"
    assert status != 200 or (item and method in ("GET", "HEAD")), f"{method} {path} must not be served"
    described = operation["responses"][str(status)]
    return described, described.get(CODES) if item else OUTSIDE_EVERY_ROUTE


def _check_headers(described, sent):
    undocumented = set(sent) - set(described) - NOT_DESCRIBED
    assert not undocumented, f"undocumented headers: {undocumented}"
    for name, header in described.items():
        header = _resolved(header)
        assert name in sent or not header["required"], f"the header {name} is missing"
        if name in sent:
            value = int(sent[name]) if header["schema"]["type"] == "integer" else sent[name]
            assert Draft202012Validator(header["schema"]).is_valid(value), f"{name}: {value}"


def _validator(path, status):
    """Return what validates a body; compiled once for each route and status."""
    item = _item(path) or _route_with_an_id()
    return _compiled(item["get"]["operationId"], status)


@functools.cache
def _compiled(operation_id, status):
    operation = next(
        item["get"] for item in openapi.document()["paths"].values() if item["get"]["operationId"] == operation_id
    )
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    return validator(closed(schema))


def validator(schema):
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


@functools.cache
def _patterns():
    paths = openapi.document()["paths"].items()
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", template)), item) for template, item in paths]


def _item(path):
    return next((item for pattern, item in _patterns() if pattern.fullmatch(path)), None)


def _route_with_an_id():
    """Return a route that tells what a path outside every route is answered."""
    return next(item for template, item in openapi.document()["paths"].items() if "{" in template)


def closed(schema):
    """Return a schema with its references put in, in which no object may have a key that it does not name."""
    if "$ref" in schema:
        assert list(schema) == ["$ref"], "generators pass over what is beside a reference"
        return closed(_resolved(schema))
    whole = {key: part if key in NOT_SCHEMAS else _closed_part(key, part) for key, part in schema.items()}
    return whole | {"additionalProperties": False} if "properties" in whole else whole


def _closed_part(key, part):
    if key == "properties":
        return {name: closed(each) for name, each in part.items()}
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return [closed(each) for each in part]
    return closed(part) if isinstance(part, dict) else part


def _resolved(described):
    """Return what a reference means; anything else as it is."""
    found = openapi.document()
    for name in described.get("$ref", "#").split("/")[1:]:
        found = found[name]
    return found if "$ref" in described else described
