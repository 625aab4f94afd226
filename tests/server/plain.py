"""A small application, to see what the server's worker does around it."""

import os
import time


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/slow"):
        time.sleep(float(path.removeprefix("/slow") or 1))
    if path == "/exit":
        raise SystemExit
    body = f"{os.getpid()} {path}".encode()
    if path == "/broken":
        start_response("200 OK", [])
        return broken_off(body)
    if path == "/long":
        body *= 10_000_000
    if path == "/big":
        body *= 30_000
    if path == "/wide":
        body *= 1000
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def broken_off(body):
    yield body
    raise RuntimeError("an answer breaks off")
