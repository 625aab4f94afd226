"""The published document as a client may have kept it: from a time before one of the codes that the server sends."""

UNSEEN = "invalid_limit"


def older_document(served):
    """Return the document that the server publishes, without the unseen code."""
    document = served.get("/openapi/v1/openapi.json").json()
    older = _without(document)
    assert UNSEEN not in _keys_and_codes(older)
    assert UNSEEN in _keys_and_codes(document)
    return older


def _without(part):
    if isinstance(part, dict):
        return {key: _without(each) for key, each in part.items() if key != UNSEEN}
    if isinstance(part, list):
        return [_without(each) for each in part if each != UNSEEN]
    return part


def _keys_and_codes(part):
    """Yield every key of every object, and every text of a list."""
    each = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    yield from part if isinstance(part, dict | list) else ()
    for inner in each:
        yield from _keys_and_codes(inner)
