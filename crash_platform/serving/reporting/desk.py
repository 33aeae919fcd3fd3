"""Where a report is taken: kept, handed on, answered; and where its sender asks for it again.

Pages and requests are the business of ``routes``.
"""

import secrets
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from crash_platform.lake.failures import LakeError
from crash_platform.lake.location import LocationError
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.places import load_borough_outlines
from crash_platform.pipelines.injuries.answering import NoModelError
from crash_platform.pipelines.injuries.words import Words, load_words
from crash_platform.pipelines.served.lines import Asked
from crash_platform.serving.predictions.service import Prediction, Service
from crash_platform.serving.reporting.city import City, draw
from crash_platform.serving.reporting.fate import Step, is_settled, look, steps, unreadable
from crash_platform.serving.reporting.form import Told
from crash_platform.serving.reporting.outbox import Line, NotYoursError, Outbox
from crash_platform.serving.reporting.sending import Sender
from crash_platform.serving.reporting.visitor import Visitor
from crash_platform.settings import Settings
from crash_platform.streams.opening import open_log

FILE: Final = "web_reports.sqlite"
WAIT_SECONDS: Final = 2.0
"""How long somebody waits for the hub before the page says that the report is on its way."""
_SAYS_NOTHING: Final = frozenset({"Unknown", "Unspecified", "Unknown code"})


@dataclass(frozen=True)
class Entry:
    """A report of one visitor: every version of it, the first one first."""

    lines: Sequence[Line]

    @property
    def first(self) -> Line:
        """As it was reported."""
        return self.lines[0]

    @property
    def last(self) -> Line:
        """As it holds now."""
        return self.lines[-1]

    @property
    def answer(self) -> Prediction | None:
        """What the model said, where one answered."""
        told = self.first.answer
        return None if told is None else Prediction.model_validate_json(told)


@dataclass(frozen=True)
class Suggestions:
    """The platform's own words, which a form suggests; any others are taken too."""

    vehicles: Sequence[str]
    factors: Sequence[str]

    @classmethod
    def of(cls, words: Words) -> "Suggestions":
        """The words of the vocabularies that say something."""
        vehicles = sorted(set(words.vehicle_words.values()) - _SAYS_NOTHING)
        return cls(vehicles, sorted(set(words.factor_words.values()) - _SAYS_NOTHING))


@dataclass(frozen=True)
class Desk:
    """Takes reports, and knows what became of them. Its calls may wait: use a thread.

    Attributes:
        service: asks the champions.
        outbox: keeps reports.
        sender: sends them.
        store: the lake.
        clock: now, with a zone.
        say: prints a line.
        city: the drawing on which a point is chosen.
        suggestions: of vehicles and factors.
        new_event_id: an id for a report.
        new_token: 128 random bits in hex.
        wait_seconds: how long a report waits for the hub.
    """

    service: Service
    outbox: Outbox
    sender: Sender
    store: Store
    clock: Callable[[], datetime]
    say: Callable[[str], None]
    city: City = field(default_factory=lambda: draw(load_borough_outlines()), repr=False)
    suggestions: Suggestions = field(
        default_factory=lambda: Suggestions.of(load_words()), repr=False
    )
    new_event_id: Callable[[], str] = lambda: str(uuid.uuid4())
    new_token: Callable[[], str] = lambda: secrets.token_hex(16)
    wait_seconds: float = WAIT_SECONDS

    def take(self, told: Told, form: str, visitor: Visitor, asked: Asked) -> str:
        """Keep a report, have it sent, ask the model; the report's id.

        It is kept before anything else. A hub that is away, or no model, changes nothing of that.

        Args:
            told: the report.
            form: the form it came from: if the same form says the same again, it is one report.
            visitor: who sent it.
            asked: the request, under which the answer is written down.

        Raises:
            OutboxError: it cannot be kept; then nothing was sent.
        """
        event = told.as_event(self.new_event_id())
        event_id = self.outbox.add(event, visitor.digest, told.digest(form))
        if event_id != event["event_id"]:
            return event_id
        self.sender.nudge()
        answer = self._answer(told, asked)
        if answer is not None:
            self.outbox.answered(event_id, answer.model_dump_json())
        self.sender.wait_for(event_id, 1, self.wait_seconds)
        return event_id

    def withdraw(self, event_id: str, visitor: Visitor) -> None:
        """Take a report back, once; again changes nothing.

        Raises:
            NotYoursError: the visitor has no such report.
            OutboxError: that cannot be kept.
        """
        version = self.outbox.withdraw(event_id, visitor.digest)
        if version is not None:
            self.sender.nudge()
            self.sender.wait_for(event_id, version, self.wait_seconds)

    def entry(self, event_id: str, visitor: Visitor) -> Entry:
        """One report.

        Raises:
            NotYoursError: the visitor has no such report.
            OutboxError: the outbox cannot be read.
        """
        lines = self.outbox.own(visitor.digest, event_id)
        if not lines:
            raise NotYoursError
        return Entry(lines)

    def entries(self, visitor: Visitor) -> list[Entry]:
        """All reports of a visitor, the newest first.

        Raises:
            OutboxError: the outbox cannot be read.
        """
        by_id: dict[str, list[Line]] = {}
        for line in self.outbox.own(visitor.digest):
            by_id.setdefault(line.event_id, []).append(line)
        found = [Entry(lines) for lines in by_id.values()]
        return sorted(found, key=lambda each: each.first.made_at, reverse=True)

    def fate(self, entry: Entry) -> tuple[list[Step], bool]:
        """What became of a report so far, and whether that is all to be expected soon."""
        try:
            traces = look(self.store, entry.first, self.clock())
        except (LakeError, LocationError) as error:
            self.say(str(error))
            return unreadable(entry.lines), False
        return steps(entry.lines, traces), is_settled(entry.lines, traces)

    def _answer(self, told: Told, asked: Asked) -> Prediction | None:
        try:
            return self.service.explain(told.crash, asked)
        except NoModelError:
            return None  # the page says so; the stream scores the report once there is a model


@contextmanager
def open_reporting(
    settings: Settings,
    service: Service,
    store: Store,
    clock: Callable[[], datetime],
    say: Callable[[str], None],
) -> Iterator[Desk]:
    """The desk, with its outbox in the home folder and its sending thread, which ends with it.

    Raises:
        OutboxError: the outbox cannot be used.
        StreamError: the settings do not say where the hub is.
    """
    log = open_log(settings, settings.crash_hub)
    outbox = Outbox(settings.home / FILE, clock)
    sender = Sender(outbox, log, say)
    desk = Desk(service, outbox, sender, store, clock, say)
    sender.start()
    try:
        yield desk
    finally:
        sender.close()
