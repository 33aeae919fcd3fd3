"""The pages of reports: the form, its answer, one's own history. What they show is made elsewhere.

Only the browser that sent a report sees it: for all others there is no such page.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from crash_platform.pipelines.injuries.encoding import BOROUGHS
from crash_platform.serving.errors import UNAVAILABLE, UNPROCESSABLE, RefusedError
from crash_platform.serving.limits import FORM, read_body
from crash_platform.serving.pages.doors import page_admission
from crash_platform.serving.predictions.log import asked_by
from crash_platform.serving.reporting.desk import Desk, Entry
from crash_platform.serving.reporting.fate import Step
from crash_platform.serving.reporting.form import (
    COUNTS,
    FACTORS,
    MOST_PERSONS,
    NEW_YORK,
    OLDEST,
    VEHICLES,
    Form,
    empty_form,
    read_form,
    values_of,
)
from crash_platform.serving.reporting.outbox import NotYoursError, OutboxError
from crash_platform.serving.reporting.visitor import Visitor, remember, visitor_of
from crash_platform.serving.reporting.words import said

if TYPE_CHECKING:
    from crash_platform.serving.site import Site

START, HISTORY = "/", "/reports"
MOST_BYTES: Final = 32 * 1024
LABELS: Final[Mapping[str, str]] = {
    "crash_date": "Date",
    "crash_time": "Time",
    "borough": "Borough",
    "on_street_name": "Street",
    "off_street_name": "Nearest crossing street",
    "cross_street_name": "Address",
    "latitude": "Latitude",
    "longitude": "Longitude",
    **{name: f"Vehicle {number}" for number, name in enumerate(VEHICLES, 1)},
    **{name: f"Factor {number}" for number, name in enumerate(FACTORS, 1)},
    "persons_injured": "Persons injured",
    "persons_killed": "Persons killed",
}
_TOLD: Final[Mapping[str, str]] = {
    **{name: label for name, label in LABELS.items() if name not in (*VEHICLES, *FACTORS)},
    "vehicle_types": "Vehicles",
    "contributing_factors": "Contributing factors",
}


def reporting_routes(desk: Desk) -> "Callable[[Site], APIRouter]":
    """The room of the reports, over a desk."""
    return lambda site: _Room(desk, site).router()


@dataclass(frozen=True)
class _Room:
    """The desk and the pages."""

    desk: Desk
    site: "Site"

    def router(self) -> APIRouter:
        """All paths of the room."""
        router, guard = APIRouter(), self.site.guard
        scorer = [Depends(page_admission(guard, "scorer"))]
        reader = [Depends(page_admission(guard, "reader"))]
        own = f"{HISTORY}/{{event_id}}"
        router.add_api_route(START, self.ask, dependencies=scorer)
        router.add_api_route(HISTORY, self.take, methods=["POST"], dependencies=scorer)
        router.add_api_route(HISTORY, self.history, dependencies=reader)
        router.add_api_route(own, self.answer, dependencies=reader)
        router.add_api_route(f"{own}/state", self.state, dependencies=reader)
        router.add_api_route(
            f"{own}/withdraw", self.withdraw, methods=["POST"], dependencies=scorer
        )
        return router

    async def ask(self, request: Request) -> Response:
        """The form, empty but for date and time."""
        page = self._form(empty_form(self.desk.clock(), self.desk.new_token()))
        remember(page, self._visitor(request), request)
        return page

    async def take(self, request: Request) -> Response:
        """A report; the form again where something is wrong with it."""
        seconds = self.desk.service.limits.body_seconds
        values = values_of(await read_body(request, MOST_BYTES, seconds, FORM))
        form, visitor = read_form(values, self.desk.clock()), self._visitor(request)
        if form.told is None:
            return self._form(form, status=UNPROCESSABLE)
        nonce, asked = values["form"] or self.desk.new_token(), asked_by(request, "page")
        try:
            event_id = await run_sync(self.desk.take, form.told, nonce, visitor, asked)
        except OutboxError as error:
            self.desk.say(str(error))
            trouble = "The report was not taken, for it cannot be kept right now: send it again."
            return self._form(form, trouble, UNAVAILABLE)
        page = RedirectResponse(f"{HISTORY}/{event_id}", 303)
        remember(page, visitor, request)
        return page

    async def history(self, request: Request) -> Response:
        """The visitor's own reports."""
        visitor = visitor_of(request)
        with self._readable():
            entries = await run_sync(self.desk.entries, visitor) if visitor else []
        shown = [_entry(each) for each in entries]
        return self.site.pages.show("reporting/history.html", HISTORY, {"reports": shown})

    async def answer(self, request: Request, event_id: str) -> Response:
        """What the model says of a report, and what became of it."""
        entry = await self._own(request, event_id)
        steps, is_settled = await run_sync(self.desk.fate, entry)
        values = {
            "report": _entry(entry),
            "steps": [_step(each) for each in steps],
            "is_settled": is_settled,
        }
        return self.site.pages.show("reporting/answer.html", HISTORY, values)

    async def state(self, request: Request, event_id: str) -> Response:
        """What became of a report, for the page's script."""
        entry = await self._own(request, event_id)
        steps, is_settled = await run_sync(self.desk.fate, entry)
        return JSONResponse({"steps": [_step(each) for each in steps], "is_settled": is_settled})

    async def withdraw(self, request: Request, event_id: str) -> Response:
        """Take a report back."""
        visitor = visitor_of(request)
        with self._readable():
            if visitor is None:
                raise NotYoursError
            await run_sync(self.desk.withdraw, event_id, visitor)
        return RedirectResponse(f"{HISTORY}/{quote(event_id)}", 303)

    async def _own(self, request: Request, event_id: str) -> Entry:
        visitor = visitor_of(request)
        with self._readable():
            if visitor is None:
                raise NotYoursError
            return await run_sync(self.desk.entry, event_id, visitor)

    def _visitor(self, request: Request) -> Visitor:
        return visitor_of(request) or Visitor(self.desk.new_token())

    def _form(self, form: Form, trouble: str = "", status: int = 200) -> Response:
        if not form.values["form"]:
            form = replace(form, values={**form.values, "form": self.desk.new_token()})
        now = self.desk.clock()
        values = {
            "values": form.values,
            "problems": form.problems,
            "trouble": trouble,
            "labels": LABELS,
            "boroughs": BOROUGHS,
            "vehicles": VEHICLES,
            "factors": FACTORS,
            "counts": COUNTS,
            "most_persons": MOST_PERSONS,
            "suggestions": self.desk.suggestions,
            "city": self.desk.city,
            "first_day": (now.date() - OLDEST).isoformat(),
            "last_day": now.astimezone(NEW_YORK).date().isoformat(),
        }
        return self.site.pages.show("reporting/form.html", START, values, status)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except NotYoursError as error:
            raise RefusedError(404, "not_found", str(error)) from None
        except OutboxError as error:
            self.desk.say(str(error))
            raise RefusedError(
                UNAVAILABLE, "unavailable", "Reports cannot be read or kept right now: come again."
            ) from None


def _entry(entry: Entry) -> dict[str, Any]:
    """A report as the templates show it."""
    answer, told = entry.answer, entry.first.told
    return {
        "event_id": entry.first.event_id,
        "told": [(label, _shown(told[name])) for name, label in _TOLD.items() if name in told],
        "title": _title(told),
        "made": _moment(entry.first.made_at),
        "answer": None if answer is None else said(answer),
        "is_withdrawn": entry.last.is_withdrawal,
        "state": entry.last.state,
        "reason": entry.last.reason,
    }


def _title(told: Mapping[str, Any]) -> str:
    """When and where, in a line."""
    when = " ".join([told["crash_date"], *([told["crash_time"]] if "crash_time" in told else [])])
    places = [told[name] for name in ("on_street_name", "borough") if name in told]
    return ", ".join([when, *places])


def _shown(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value)


def _step(step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "label": step.label,
        "progress": step.progress,
        "text": step.text,
        "at": _moment(step.at),
    }


def _moment(at: datetime | None) -> dict[str, str] | None:
    """A moment for programs and, in New York's time, for people."""
    if at is None:
        return None
    local = at.astimezone(NEW_YORK)
    return {"iso": at.isoformat(timespec="seconds"), "shown": f"{local:%Y-%m-%d %H:%M:%S %Z}"}
