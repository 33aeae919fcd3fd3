"""Where a report is kept from the moment it is told: a SQLite file that several processes share.

A report is in this file before anything else happens to it, so a hub that is away, or a process
that is killed, loses none. Sending is the business of ``sending``.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from crash_platform.errors import PlatformError
from crash_platform.serving.access.files import locked
from crash_platform.serving.reporting import outbox_sql as sql

KEPT: Final = timedelta(days=90)
MOST_OF_VISITOR: Final = 200
MOST_WAITING: Final = 10_000
LEASE: Final = timedelta(minutes=2)
"""How long a process has for sending a report before another one takes it over."""
BUSY_SECONDS: Final = 5.0
State = Literal["waiting", "sent", "failed"]


class OutboxError(PlatformError):
    """A report cannot be kept or read."""


class NotYoursError(PlatformError):
    """There is no such report of this visitor."""

    def __init__(self) -> None:
        super().__init__(
            "There is no such report of yours: only the browser that sent it can see it, for 90 "
            "days."
        )


@dataclass(frozen=True)
class Parcel:
    """A report on its way to the hub."""

    event_id: str
    version: int
    body: bytes
    key: str
    attempts: int


@dataclass(frozen=True)
class Line:
    """One version of a report, as it is kept.

    Attributes:
        told: the event as it is sent.
        answer: what the model said of it, as JSON; None where none answered.
        reason: why the hub refused it, where it did.
    """

    event_id: str
    version: int
    told: dict[str, Any]
    answer: str | None
    state: State
    attempts: int
    reason: str | None
    made_at: datetime
    sent_at: datetime | None

    @property
    def is_withdrawal(self) -> bool:
        """Whether this version takes the report back."""
        return bool(self.told.get("is_withdrawn"))


class Outbox:
    """The file. Every call opens it anew: safe for any thread, and nothing has to be closed.

    Args:
        path: the file, made where it is missing.
        clock: now, with a zone.
        most_of_visitor: reports of one visitor that are kept; of more, the oldest are forgotten.
        most_waiting: reports that may wait for the hub, of all visitors.

    Raises:
        OutboxError: the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], datetime],
        *,
        most_of_visitor: int = MOST_OF_VISITOR,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self.path, self._clock = path, clock
        self._most_of_visitor, self._most_waiting = most_of_visitor, most_waiting
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Two processes that turn WAL on at once would find the database locked.
            with locked(path.with_suffix(".lock")):
                path.touch(0o600)
                with self._opened() as opened:
                    opened.execute("PRAGMA journal_mode = WAL")
                    opened.executescript(sql.MAKE)
        except OSError as error:
            raise _unusable(path, error) from error
        with self._changing() as opened:
            self._forget_old(opened)

    def add(self, event: dict[str, Any], visitor: str, form: str) -> str:
        """Keep a new report; its id, or that of the same form's report if that was sent before.

        Args:
            event: as it is to be sent.
            visitor: digest of who sent it.
            form: digest of the form and of what it says, so that it counts once if sent twice.

        Raises:
            OutboxError: too many reports wait, or the file cannot be used.
        """
        row = self._row(event) | {"visitor": visitor, "form": form}
        with self._changing() as opened:
            found = opened.execute(sql.ADDED, row).fetchone()
            if found:
                return str(found[0])
            self._refuse_flood(opened)
            opened.execute(sql.ADD, row)
            self._forget_old(opened)
            opened.execute(sql.FORGET_MANY, {"visitor": visitor, "most": self._most_of_visitor})
        return str(event["event_id"])

    def withdraw(self, event_id: str, visitor: str) -> int | None:
        """Keep a next version that takes a report back; its number, None if there is one already.

        Raises:
            OutboxError: too many reports wait, or the file cannot be used.
            NotYoursError: the visitor has no such report.
        """
        asked = {"event_id": event_id, "visitor": visitor}
        with self._changing() as opened:
            found = opened.execute(sql.NEWEST, asked).fetchone()
            if not found:
                raise NotYoursError
            told = json.loads(found[1])
            if told.get("is_withdrawn"):
                return None
            self._refuse_flood(opened)
            version = int(found[0]) + 1
            event = told | {"event_version": version, "is_withdrawn": True}
            opened.execute(sql.ADD, self._row(event) | {"visitor": visitor, "form": None})
        return version

    def answered(self, event_id: str, answer: str) -> None:
        """Keep what the model said of a report.

        Raises:
            OutboxError: the file cannot be used.
        """
        with self._changing() as opened:
            opened.execute(sql.ANSWER, {"event_id": event_id, "answer": answer})

    def take(self) -> Parcel | None:
        """The report that has waited longest, for this process alone until its lease ends.

        Raises:
            OutboxError: the file cannot be used.
        """
        now = self._clock()
        asked = {"now": now.timestamp(), "until": (now + LEASE).timestamp()}
        with self._changing() as opened:
            # All rows are fetched, as the statement ends only then.
            rows = opened.execute(sql.TAKE, asked).fetchall()
        if not rows:
            return None
        event_id, version, told, key, attempts = rows[0]
        return Parcel(event_id, version, told.encode(), key, attempts)

    def sent(self, parcel: Parcel) -> None:
        """Note that the hub has taken a report.

        Raises:
            OutboxError: the file cannot be used.
        """
        self._note(sql.SENT, parcel)

    def refused(self, parcel: Parcel, reason: str, again: timedelta | None) -> None:
        """Note that the hub refused a report, and when to try again; None: never.

        Raises:
            OutboxError: the file cannot be used.
        """
        until = self._clock() + (again or timedelta())
        state = "waiting" if again else "failed"
        self._note(sql.REFUSED, parcel, state=state, reason=reason, until=until.timestamp())

    def put_back(self, parcel: Parcel) -> None:
        """Note that the hub is out of reach: for this report, and for all that wait.

        Raises:
            OutboxError: the file cannot be used.
        """
        self._note(sql.PUT_BACK, parcel)

    def was_tried(self, event_id: str, version: int) -> bool:
        """Whether a report was sent, or it was tried at least.

        Raises:
            OutboxError: the file cannot be used.
        """
        with self._opened() as opened:
            row = opened.execute(sql.TRIED, {"event_id": event_id, "version": version}).fetchone()
        return row is not None and bool(row[0])

    def own(self, visitor: str, event_id: str | None = None) -> list[Line]:
        """Every version of a visitor's reports, or of one of them; by id, then version.

        Raises:
            OutboxError: the file cannot be used.
        """
        with self._opened() as opened:
            rows = opened.execute(sql.OWN, {"visitor": visitor, "event_id": event_id}).fetchall()
        return [_line(row) for row in rows]

    def _row(self, event: dict[str, Any]) -> dict[str, Any]:
        """What is kept of an event; events of one borough keep their order, as everywhere."""
        return {
            "event_id": event["event_id"],
            "version": event["event_version"],
            "told": json.dumps(event, separators=(",", ":")),
            "key": event.get("borough") or event["event_id"],
            "now": self._clock().timestamp(),
        }

    def _forget_old(self, opened: sqlite3.Connection) -> None:
        before = (self._clock() - KEPT).timestamp()
        opened.execute(sql.FORGET_OLD, {"before": before})

    def _refuse_flood(self, opened: sqlite3.Connection) -> None:
        if opened.execute(sql.WAITING).fetchone()[0] >= self._most_waiting:
            raise OutboxError(
                f"{self._most_waiting:,} reports wait for the hub already: send this one again "
                "when the hub is back."
            )

    def _note(self, statement: str, parcel: Parcel, **more: Any) -> None:
        about = {"event_id": parcel.event_id, "version": parcel.version}
        with self._changing() as opened:
            opened.execute(statement, about | {"now": self._clock().timestamp()} | more)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._opened() as opened:
            opened.execute("BEGIN IMMEDIATE")
            try:
                yield opened
            except BaseException:
                opened.execute("ROLLBACK")
                raise
            opened.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            opened = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                opened.row_factory = sqlite3.Row
                # What is in the file has to outlive a power cut too.
                opened.execute("PRAGMA synchronous = FULL")
                yield opened
            finally:
                opened.close()
        except sqlite3.Error as error:
            raise _unusable(self.path, error) from error


def _line(row: sqlite3.Row) -> Line:
    kept = dict(row) | {"told": json.loads(row["told"])}
    kept["made_at"] = datetime.fromtimestamp(row["made_at"], UTC)
    if row["sent_at"] is not None:
        kept["sent_at"] = datetime.fromtimestamp(row["sent_at"], UTC)
    return Line(**kept)


def _unusable(path: Path, error: Exception) -> OutboxError:
    return OutboxError(
        f"The outbox {path} cannot be used ({error}): mend its disk or its permissions, or move it "
        "away."
    )
