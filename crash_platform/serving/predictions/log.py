"""What was answered, written down: each answer with the report it is about, never with who asked.

How lines get to the lake is said in ``pipelines.served``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from pydantic import TypeAdapter
from starlette.requests import Request

from crash_platform.pipelines.injuries.answering import Answer
from crash_platform.pipelines.served.lines import Asked, Channel, Line, written_lines
from crash_platform.pipelines.served.spool import Spool
from crash_platform.serving.predictions.report import CrashReport

LINES: Final = TypeAdapter(list[Line[CrashReport]])


class AnswerLog(Protocol):
    """Takes note of answers before they go out."""

    @property
    def lost(self) -> int:
        """Answers that could not be written down since the start."""

    def add(
        self, asked: Asked, at: datetime, reports: Sequence[CrashReport], answers: Sequence[Answer]
    ) -> None:
        """Write down the answers of one request. Never raises; called from several threads.

        Args:
            asked: the request.
            at: when it was answered (UTC).
            reports: what was told, in order.
            answers: what was said of each.
        """


class NoLog:
    """Nothing is written down."""

    lost = 0

    def add(
        self, asked: Asked, at: datetime, reports: Sequence[CrashReport], answers: Sequence[Answer]
    ) -> None:
        """Forget them."""


class SpooledLog:
    """Answers go to the spool of this process.

    Args:
        spool: what takes lines.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    @property
    def lost(self) -> int:
        """Answers that could not be written down since the start."""
        return self._spool.lost

    def add(
        self, asked: Asked, at: datetime, reports: Sequence[CrashReport], answers: Sequence[Answer]
    ) -> None:
        """Write down the answers of one request: one line each, in one write."""
        if not reports:
            return
        answered = zip(reports, answers, strict=True)
        self._spool.append(written_lines(LINES, (asked, at), answered))


def asked_by(request: Request, channel: Channel) -> Asked:
    """A request by the id that the edge has given it, which its answer has as x-request-id."""
    return Asked(request.state.request_id, channel)
