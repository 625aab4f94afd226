"""What a person with the developer tools open would see go wrong on the pages of one browser context."""

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

# Chromium's own echo of a refused answer; `_response` judges that answer better.
ECHO = "Failed to load resource"


class Watch:
    """Listens to a context: `complaints` must stay empty, `traces()` must hold no secret."""

    def __init__(self, context: "BrowserContext", origin: str) -> None:
        self.context, self.origin = context, origin
        self.complaints: list[str] = []
        self.urls: list[str] = []
        self.answers: list[Response] = []
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def reported(self) -> list[str]:
        """Return the complaints and forget them."""
        complaints, self.complaints = self.complaints, []
        return complaints

    def traces(self) -> list[tuple[str, str]]:
        """Return what this context leaves behind, place by place: URLs, every cookie set, what is stored."""
        cookies = [line for answer in self.answers for line in answer.header_values("set-cookie")]
        state = self.context.storage_state()
        return [
            *(("history of the browser", url) for url in self.urls),
            *(("cookie", line.partition("=")[2].partition(";")[0].strip('"')) for line in cookies),
            *((f"cookie {cookie['name']}", cookie["value"].strip('"')) for cookie in state["cookies"]),
            ("local storage", json.dumps(state["origins"])),
        ]

    def _console(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning") and not message.text.startswith(ECHO):
            self.complaints.append(f"console {message.type}: {message.text}")

    def _error(self, error: "WebError") -> None:
        self.complaints.append(f"uncaught error: {error.error}")

    def _request(self, request: "Request") -> None:
        self.urls.append(request.url)
        parts = urlsplit(request.url)
        if f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.complaints.append(f"request to another origin: {request.url[:200]}")

    def _failed(self, request: "Request") -> None:
        if request.url.endswith("/icon.svg") and request.failure == "net::ERR_ABORTED":
            return  # the browser asks for the icon in its own time, and drops that when a click leads on
        self.complaints.append(f"failed request: {request.url[:200]} {request.failure}")

    def _response(self, response: "Response") -> None:
        document = response.request.is_navigation_request()
        if document:
            self.answers.append(response)
        if response.status >= (500 if document else 400):
            self.complaints.append(f"answered {response.status}: {response.url}")
