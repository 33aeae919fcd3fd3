"""Somebody who sends a server bytes that no browser and no library would, and looks at answers."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI

from crash_platform.serving.headers import SECURITY
from crash_platform_tests.serving.attacks.reading import dangers

PAGE = {"Accept": "text/html"}
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What a server says."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    content: bytes

    @property
    def text(self) -> str:
        """The body."""
        return self.content.decode()

    @property
    def is_page(self) -> bool:
        """Whether a browser would show it as a page."""
        return self.headers.get("content-type", "").startswith("text/html")

    @property
    def told(self) -> str:
        """Everything that reaches whoever asks, but the cookies that are the browser's own."""
        said = {name: value for name, value in self.headers.items() if name != "set-cookie"}
        return f"{said} {self.content.decode(errors='replace')}"


@dataclass
class Attacker:
    """Speaks ASGI with an app, as a server would after reading any bytes.

    Attributes:
        app: the app.
        client: the address it seems to come from.
        cookies: sent with every request.
    """

    app: FastAPI
    client: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, query: Any = b"", **headers: str) -> Answer:
        """Ask for a page."""
        return self.ask("GET", path, query, PAGE | _named(headers))

    def post(self, path: str, form: Any = b"", **headers: str) -> Answer:
        """Send a form."""
        body = form if isinstance(form, bytes) else urlencode(form, doseq=True).encode()
        return self.ask("POST", path, b"", {**PAGE, "Content-Type": FORM, **_named(headers)}, body)

    def ask(
        self,
        method: str,
        path: str,
        query: Any = b"",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """One request, whose answer is looked at as every answer is."""
        told = query if isinstance(query, bytes) else urlencode(query, doseq=True).encode()
        answer = asyncio.run(self._asked(self.scope(method, path, told, headers or {}), body))
        check(answer)
        return answer

    def scope(
        self, method: str, path: str, query: bytes, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """The request as a server gives it to an app."""
        sent = {"Host": "localhost", **headers}
        if self.cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        raw = [(n.lower().encode(), v.encode("latin-1", "replace")) for n, v in sent.items()]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            # As uvicorn does; what is no UTF-8 is replaced.
            "path": unquote(path),
            "raw_path": path.encode("ascii", "replace"),
            "query_string": query,
            "root_path": "",
            "headers": raw,
            "client": (self.client, 1),
            "server": ("127.0.0.1", 80),
        }

    async def _asked(self, scope: dict[str, Any], body: bytes) -> Answer:
        said: list[Any] = []
        is_over = asyncio.Event()
        sent = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Any:
            for message in sent:
                return message
            await is_over.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            said.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                is_over.set()

        await self.app(scope, receive, send)
        return _heard(said)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _heard(said: Iterable[Any]) -> Answer:
    start, *rest = said
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    headers = {name.lower(): value for name, value in pairs}
    cookies = tuple(value for name, value in pairs if name.lower() == "set-cookie")
    return Answer(
        start["status"], headers, cookies, b"".join(each.get("body", b"") for each in rest)
    )


def check(answer: Answer) -> None:
    """What holds for every answer, whatever was asked."""
    assert answer.status not in (500, 501, 502), answer.text
    for name, value in answer.headers.items():
        assert "\r" not in value + name
        assert "\n" not in value + name
    for name in set(SECURITY) - {"Content-Security-Policy", "Cache-Control"}:
        assert answer.headers[name.lower()] == SECURITY[name]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    if answer.is_page:
        assert dangers(answer.text) == []
        assert answer.headers["cache-control"] == "no-store"
    elif answer.headers.get("content-type", "").startswith("application/json"):
        json.loads(answer.content)
