"""From a template and values to a page: the layout, its navigation, its content policy."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.responses import HTMLResponse

HERE: Final = Path(__file__).parent
SERVING: Final = HERE.parent
STATIC: Final = HERE / "static"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Everything from this server; no script and no style inside a page."""
ROOMS: Final = ("pages", "dashboards", "reporting", "live")


def templates() -> jinja2.Environment:
    """The templates of all rooms: a name missing in one is an error, every value is escaped."""
    loaders = {room: jinja2.FileSystemLoader(SERVING / room / "templates") for room in ROOMS}
    return jinja2.Environment(
        loader=jinja2.PrefixLoader(loaders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True)
class Link:
    """A page in the navigation."""

    path: str
    label: str
    group: str


@dataclass(frozen=True)
class AsOf:
    """How far the data reach, as every page says it.

    Attributes:
        newest_day: of the official records, ISO; None without any.
        pulled_at: when the newest of them came, UTC, ``YYYY-MM-DD HH:MM``; None without any.
        problem: why neither can be told, as a sentence; else empty.
    """

    newest_day: str | None
    pulled_at: str | None
    problem: str = ""


@dataclass(frozen=True)
class Pages:
    """Makes pages that look and behave alike.

    Attributes:
        links: the navigation, in order.
        as_of: how far the data reach now; asked once a page, so it answers at once.
        has_sign_out: whether the page is behind a key.
    """

    links: Sequence[Link]
    as_of: Callable[[], AsOf]
    has_sign_out: Callable[[], bool] = lambda: False
    environment: jinja2.Environment = field(default_factory=templates, repr=False)

    def show(
        self, template: str, path: str, values: Mapping[str, Any], status: int = 200
    ) -> HTMLResponse:
        """A page.

        Args:
            template: its file, as ``room/name.html`` below the room's ``templates``.
            path: the page's own, which the navigation marks.
            values: what the template names; every one is escaped.
            status: of HTTP.
        """
        groups: dict[str, list[Link]] = {}
        for link in self.links:
            groups.setdefault(link.group, []).append(link)
        html = self.environment.get_template(template).render(
            values,
            path=path,
            groups=groups,
            as_of=self.as_of(),
            has_sign_out=self.has_sign_out(),
        )
        return HTMLResponse(html, status, {"Content-Security-Policy": POLICY})
