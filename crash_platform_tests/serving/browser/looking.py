"""A page as a browser shows it: what it complains about, what axe finds, how wide it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SERIOUS = {"serious", "critical"}


@dataclass
class Look:
    """A page, and whatever its console said."""

    page: Any
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        """Open an address and wait until it stands still; live feeds never do."""
        answer = self.page.goto(url, wait_until="load")
        assert answer.status == 200, f"{url}: {answer.status}"
        self.page.wait_for_timeout(400)

    def violations(self) -> list[str]:
        """What axe-core calls serious or critical, with the elements."""
        import axe_playwright_python

        source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
        self.page.evaluate(source)
        found = self.page.evaluate("() => axe.run()")
        return [
            f"{each['id']}: {each['nodes'][0]['html'][:160]} ({len(each['nodes'])})"
            for each in found["violations"]
            if each["impact"] in SERIOUS
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        wide: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wide


@contextmanager
def looking(
    browser: Any, size: dict[str, int], scheme: str = "light", **more: Any
) -> Iterator[Look]:
    """A new visitor with a window of a size, in a light or dark room."""
    context = browser.new_context(viewport=size, color_scheme=scheme, **more)
    look = Look(context.new_page())
    look.page.on(
        "console",
        lambda said: look.complaints.append(said.text) if said.type == "error" else None,
    )
    look.page.on("pageerror", lambda error: look.complaints.append(str(error)))
    try:
        yield look
    finally:
        context.close()
