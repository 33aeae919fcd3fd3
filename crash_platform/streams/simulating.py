"""Made-up events of any kind: enveloped, some of them faulty on purpose, sent in a rhythm.

What an event of one kind says is its pipeline's business. Pure, but for ``send``.
"""

import itertools
import json
import math
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from crash_platform.errors import PlatformError
from crash_platform.streams.log import Event, EventLog, LogUnreachableError

Fields = dict[str, Any]
Wait = Callable[[Random, datetime], float]

SIMULATED, FAULT = "is_simulated", "simulated_fault"
"""Properties of a message: every simulated one has the first, a faulty one its fault too."""

DUPLICATE, CORRECTION, LATE, OUT_OF_ORDER = "duplicate", "correction", "late", "out_of_order"
MALFORMED, OUT_OF_CALENDAR = "malformed_", "out_of_calendar"

REMEMBERED = 100
RETRY_SECONDS = 5.0
HUGE = 100_000  # characters: more than any field may have, less than any hub refuses
ANCIENT = datetime(1990, 1, 1, tzinfo=UTC)


class SimulationError(PlatformError):
    """A simulation is asked for that cannot be run."""


@dataclass(frozen=True)
class Kind:
    """One kind of event to make up.

    Attributes:
        make: the fields of an event reported at a moment (UTC), envelope included.
        correct: the same event with something changed; its version is not its business.
        key: the field whose value is the partition key; where it is missing, the event's id.
        latest: how long before it is sent a late one was made, at most; an hour at least.
        moment: for which moment one is made that is sent now.
    """

    make: Callable[[Random, datetime], Fields]
    correct: Callable[[Random, Fields], Fields]
    key: str
    latest: timedelta
    moment: Callable[[Random, datetime], datetime] = lambda _, now: now


def envelope(schema: str, rng: Random, at: datetime) -> Fields:
    """The fields that every event begins with.

    The moment is part of the id: a seed that is used again later makes other events, not new
    deliveries of the old ones.
    """
    return {
        "event_schema": schema,
        "schema_version": 1,
        "event_id": str(uuid5(NAMESPACE_OID, f"{rng.getrandbits(128):x} {at.isoformat()}")),
        "event_version": 1,
        "source": "simulator",
        "is_simulated": True,
    }


def encoded(fields: Fields) -> bytes:
    """The body of an event: a JSON object in ASCII, the same bytes for the same fields."""
    return json.dumps(fields, separators=(",", ":")).encode()


class Simulation:
    """Events of one kind, one after the other; same seed, same moments: same events.

    Of the faults, a duplicate is the body of an earlier event again; a correction is the next
    version of an earlier event; a late one happened long before it is sent; out of order is a
    second version that overtakes the first, which comes in place of a later faultless event (or
    never, if the simulation ends before); a malformed one is no event at all, see ``DEFECTS``.

    Raises:
        SimulationError: ``faults``, the share of events that are faulty, is not from 0 to 1.
    """

    def __init__(self, kind: Kind, rng: Random, faults: float = 0.0) -> None:
        if not 0 <= faults <= 1:
            raise SimulationError(f"The share of faults is {faults}: give a number from 0 to 1.")
        self._kind = kind
        self.rng = rng
        self._faults = faults
        self._sent = deque[Fields](maxlen=REMEMBERED)
        self._overtaken = deque[Fields]()
        self._ways: dict[str, Callable[[datetime], Event]] = {
            DUPLICATE: self._duplicate,
            CORRECTION: self._correction,
            LATE: self._late,
            OUT_OF_ORDER: self._out_of_order,
            MALFORMED: self._malformed,
        }

    def next(self, now: datetime) -> Event:
        """The event to send at a moment (UTC)."""
        if self.rng.random() >= self._faults:
            return self._plain(now)
        return self._ways[self.rng.choice(tuple(self._ways))](now)

    def _plain(self, now: datetime) -> Event:
        if self._overtaken:
            return self._event(self._overtaken.popleft())
        return self._event(self._remembered(self._made(now)))

    def _duplicate(self, now: datetime) -> Event:
        if not self._sent:
            return self._plain(now)
        return self._event(self.rng.choice(self._sent), DUPLICATE)

    def _correction(self, now: datetime) -> Event:
        if not self._sent:
            return self._plain(now)
        place = self.rng.randrange(len(self._sent))
        self._sent[place] = self._corrected(self._sent[place])
        return self._event(self._sent[place], CORRECTION)

    def _late(self, now: datetime) -> Event:
        delay = self.rng.uniform(3600, self._kind.latest.total_seconds())
        made = self._made(now - timedelta(seconds=delay))
        return self._event(self._remembered(made), LATE)

    def _out_of_order(self, now: datetime) -> Event:
        first = self._made(now)
        self._overtaken.append(first)
        return self._event(self._remembered(self._corrected(first)), OUT_OF_ORDER)

    def _malformed(self, now: datetime) -> Event:
        defect = self.rng.choice(tuple(DEFECTS))
        if defect == OUT_OF_CALENDAR:
            fields = self._kind.make(self.rng, _no_day_of_ours(self.rng, now))
        else:
            fields = self._made(now)
        return self._event(fields, MALFORMED + defect, DEFECTS[defect].damaged(self.rng, fields))

    def _made(self, now: datetime) -> Fields:
        return self._kind.make(self.rng, self._kind.moment(self.rng, now))

    def _corrected(self, fields: Fields) -> Fields:
        changed = self._kind.correct(self.rng, fields)
        return fields | changed | {"event_version": fields["event_version"] + 1}

    def _remembered(self, fields: Fields) -> Fields:
        self._sent.append(fields)
        return fields

    def _event(self, fields: Fields, fault: str | None = None, body: bytes | None = None) -> Event:
        properties = {SIMULATED: "true"} | ({FAULT: fault} if fault else {})
        key = fields.get(self._kind.key) or fields["event_id"]
        return Event(encoded(fields) if body is None else body, key, properties)


@dataclass(frozen=True)
class Defect:
    """One way to be no event.

    Attributes:
        damaged: a body that has the defect, from the fields of a good event.
        error_class: of the ``RejectedError`` that it deserves.
    """

    damaged: Callable[[Random, Fields], bytes]
    error_class: str


def _truncated(rng: Random, fields: Fields) -> bytes:
    body = encoded(fields)
    return body[: rng.randrange(1, len(body))]


def _wrong_type(rng: Random, fields: Fields) -> bytes:
    name = rng.choice([each for each in fields if each not in ("event_schema", "schema_version")])
    return encoded(fields | {name: {"value": fields[name]}})


def _huge_text(rng: Random, fields: Fields) -> bytes:
    texts = [name for name, value in fields.items() if isinstance(value, str)]
    name = rng.choice([each for each in texts if each != "event_schema"])
    return encoded(fields | {name: "x" * HUGE})


def _not_a_number(_: Random, fields: Fields) -> bytes:
    names = [name for name, value in fields.items() if isinstance(value, float)]
    return encoded(fields | dict.fromkeys(names or ["simulated_value"], math.nan))


DEFECTS = {
    "empty": Defect(lambda _, __: b"", "empty"),
    "not_utf8": Defect(lambda _, fields: encoded(fields)[:-1] + b',"a":"\xe9"}', "not_utf8"),
    "not_json": Defect(lambda _, fields: repr(fields).encode(), "not_json"),
    "truncated": Defect(_truncated, "not_json"),
    "nan": Defect(_not_a_number, "not_json"),
    "not_an_object": Defect(lambda _, fields: b"[" + encoded(fields) + b"]", "not_an_object"),
    "unknown_schema": Defect(
        lambda _, fields: encoded(fields | {"event_schema": "lottery_draw"}), "unknown_schema"
    ),
    "unknown_version": Defect(
        lambda rng, fields: encoded(fields | {"schema_version": rng.choice((0, 99, "1", None))}),
        "unknown_version",
    ),
    "missing_id": Defect(
        lambda _, fields: encoded({k: v for k, v in fields.items() if k != "event_id"}), "invalid"
    ),
    "wrong_type": Defect(_wrong_type, "invalid"),
    "huge_text": Defect(_huge_text, "invalid"),
    OUT_OF_CALENDAR: Defect(lambda _, fields: encoded(fields), "outside_calendar"),
}
"""Every way to be malformed, and how the contract refuses it. Out of calendar is made at a wrong
moment, not damaged afterwards."""


def _no_day_of_ours(rng: Random, now: datetime) -> datetime:
    return rng.choice((ANCIENT, now + timedelta(days=30))) + timedelta(days=rng.randrange(365))


@dataclass(frozen=True)
class Rhythm:
    """When events are sent.

    Attributes:
        wait: seconds from an event due at a moment (UTC) to the next.
        clock: the moment (UTC).
        sleep: waits some seconds.
    """

    wait: Wait
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]


def send(
    simulation: Simulation,
    log: EventLog,
    rhythm: Rhythm,
    say: Callable[[str], None],
    count: int | None = None,
) -> Counter[str]:
    """Send events until there are so many (None: no end) or somebody interrupts.

    While the log is unreachable the same event is tried again and again; what was missed in the
    meantime is not made up for. An event whose acknowledgement got lost may so be sent twice.

    Returns:
        Messages that the log took, by fault; those without one under "".

    Raises:
        StreamError: the log refuses, and waiting would not help.
    """
    sent = Counter[str]()
    due = rhythm.clock()
    with suppress(KeyboardInterrupt):
        for number in itertools.count() if count is None else range(count):
            if number:
                due = _await_next(simulation.rng, rhythm, due)
            event = simulation.next(rhythm.clock())
            _publish(log, event, rhythm, say)
            sent[event.properties.get(FAULT, "")] += 1
    return sent


def _publish(log: EventLog, event: Event, rhythm: Rhythm, say: Callable[[str], None]) -> None:
    is_told = False
    while True:
        try:
            log.publish([event])
        except LogUnreachableError as error:
            if not is_told:
                say(f"{error} The event is kept and tried again every {RETRY_SECONDS:.0f} s.")
            is_told = True
            rhythm.sleep(RETRY_SECONDS)
        else:
            if is_told:
                say("The hub answers again; nothing was lost.")
            return


def _await_next(rng: Random, rhythm: Rhythm, due: datetime) -> datetime:
    """Sleep until the next event is due; the moment it was due, or now if that has passed."""
    wait = rhythm.wait(rng, due)
    now = rhythm.clock()
    due += timedelta(seconds=wait)
    if due <= now:
        return now
    # At most one wait: a clock that is set back must not silence the simulation.
    rhythm.sleep(min(wait, (due - now).total_seconds()))
    return due
