"""The evaluation charts of a model: what the page says of them, and the pictures themselves.

They are drawn where models are made; here they are only shown.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import pyarrow.dataset as ds
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from crash_platform.errors import PlatformError
from crash_platform.lake.contract import Window
from crash_platform.lake.store import Store
from crash_platform.pipelines.injuries.charts.drawing import DRAWINGS
from crash_platform.pipelines.injuries.tables import EVALUATION_CHARTS
from crash_platform.serving.dashboards.figure import Asked
from crash_platform.serving.dashboards.texts import from_sql
from crash_platform.serving.errors import UNAVAILABLE, RefusedError
from crash_platform.serving.pages.doors import page_admission

if TYPE_CHECKING:
    import duckdb

    from crash_platform.serving.site import Site

TEMPLATE: Final = "dashboards/pictures.html"
PATH: Final = "/model/pictures"
PNG: Final = "image/png"
UNREADABLE: Final = "The chart cannot be read now: try again in a minute."
WIDTH, HEIGHT = slice(16, 20), slice(20, 24)
"""Where a PNG says how large it is."""


def pictures(connection: "duckdb.DuckDBPyConnection", asked: Asked) -> Mapping[str, Any]:
    """What the template shows: the charts of the asked model, in the order in which they are read.

    Each has address, title, reading, what the picture shows for those who cannot see it, width and
    height in pixels.
    """
    rows = from_sql("model_pictures")(connection, asked).to_pylist()
    return {
        "as_of_date": asked["as_of_date"],
        "feature_set": str(asked["feature_set"] or "").replace("_", " "),
        "pictures": [_picture(row, asked) for row in rows],
    }


def _picture(row: Mapping[str, Any], asked: Asked) -> Mapping[str, Any]:
    what = next((each.what for each in DRAWINGS if each.name == row["chart"]), "Chart")
    names = (str(asked["as_of_date"]), str(asked["feature_set"]), row["chart"])
    return {
        "name": row["chart"],
        "address": f"{PATH}/{'/'.join(quote(name, safe='') for name in names)}.png",
        "title": row["title"],
        "reading": row["reading"],
        "alt": f"{what}. {row['title']}",
        "width": int.from_bytes(row["png"][WIDTH], "big"),
        "height": int.from_bytes(row["png"][HEIGHT], "big"),
    }


def _unsaid(_: str) -> None:
    """Nobody reads the log."""


def picture_routes(
    store: Store, say: Callable[[str], None] = _unsaid
) -> Callable[["Site"], APIRouter]:
    """The pictures of ``model/evaluation_charts``, for readers.

    A browser keeps a picture and asks whether it is still the same.

    Args:
        store: the lake.
        say: takes a line about what keeps the lake from being read; visitors are not told where
            it lies.
    """

    def routes(site: "Site") -> APIRouter:
        reader = Depends(page_admission(site.guard, "reader"))
        router = APIRouter()

        @router.get(f"{PATH}/{{as_of}}/{{feature_set}}/{{chart}}.png", dependencies=[reader])
        async def picture(request: Request, as_of: str, feature_set: str, chart: str) -> Response:
            try:
                png = await run_sync(partial(found, store, as_of, feature_set, chart))
            except RefusedError:
                raise
            except PlatformError as error:
                say(str(error))
                raise RefusedError(UNAVAILABLE, "unavailable", UNREADABLE) from error
            return answer(png, request.headers.get("if-none-match", ""))

        return router

    return routes


def found(store: Store, as_of: str, feature_set: str, chart: str) -> bytes:
    """A picture of the table.

    Raises:
        RefusedError: there is none of that day, feature set and name (404).
        LakeError: the table cannot be read.
    """
    try:
        day = date.fromisoformat(as_of)
    except ValueError:
        raise _absent() from None
    named = (ds.field("feature_set") == feature_set) & (ds.field("chart") == chart)
    rows = store.slice(EVALUATION_CHARTS, Window(day, day)).read(["png"], named)
    if not rows.num_rows:
        raise _absent()
    png: bytes = rows["png"][0].as_py()
    return png


def answer(png: bytes, known: str) -> Response:
    """The picture, or that it is still one of those the browser knows (``If-None-Match``)."""
    tag = f'"{hashlib.sha256(png).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(png, headers=headers, media_type=PNG)


def _absent() -> RefusedError:
    return RefusedError(404, "not_found", "There is no such chart: open it from the model's page.")
