"""What of a page a browser would run, read as a browser reads it."""

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser

VOID_OF_PAGES = frozenset({"base", "embed", "frame", "iframe", "object", "applet", "style"})
"""Elements that no page of this site has."""
ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "xlink:href", "srcset")
OWN = re.compile(r"/(?![/\\])|#")
"""Addresses of this site begin like that."""


class _Page(HTMLParser):
    """Notes what could run, and what leads away."""

    def __init__(self) -> None:
        super().__init__()
        self.dangers: list[str] = []
        self.texts: list[str] = []
        self.blocks: list[str] = []
        self._is_json = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """An element begins."""
        told = dict(attrs)
        if tag in VOID_OF_PAGES or (tag == "meta" and "http-equiv" in told):
            self.dangers.append(f"<{tag}>")
        if tag == "script":
            self._is_json = told.get("type") == "application/json"
            if not self._is_json and not (told.get("src") or "").startswith("/static/"):
                self.dangers.append(f"inline script {told}")
        if tag == "img" and not (told.get("src") or "").startswith("/model/pictures/"):
            self.dangers.append(f"picture {told}")
        self.dangers += [
            f"{tag} {name}={value}"
            for name, value in attrs
            if name.startswith("on")
            or name in ("style", "srcdoc")
            or (name in ADDRESSES and not OWN.match(value or ""))
        ]

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag == "script":
            self._is_json = False

    def handle_data(self, data: str) -> None:
        """Text, or the text of a script."""
        if self._is_json:
            self.blocks.append(data)
        elif self.cdata_elem == "script" and data.strip():
            self.dangers.append(f"script text {data[:50]}")
        else:
            self.texts.append(data)


def _read(page: str) -> _Page:
    found = _Page()
    found.feed(page)
    found.close()
    return found


def dangers(page: str) -> list[str]:
    """All in a page that could run, be fetched from elsewhere, or lead there; data that is none."""
    found = _read(page)
    broken = [block[:50] for block in found.blocks if not _is_json(block)]
    return found.dangers + broken


def text_of(page: str) -> str:
    """What a page says to people."""
    return " ".join(" ".join(_read(page).texts).split())


def data_of(page: str) -> list[str]:
    """The data blocks of a page, as they stand in it."""
    return _read(page).blocks


def _is_json(block: str) -> bool:
    try:
        json.loads(block)
    except ValueError:
        return False
    return True
