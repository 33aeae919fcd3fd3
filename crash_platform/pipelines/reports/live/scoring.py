"""From messages to rows of ``gold/live_predictions``: sorted out, then answered. Pure.

Reading and committing is the worker's; what a model says is said in ``injuries.answering``.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from crash_platform.pipelines.injuries.answering import Answer
from crash_platform.pipelines.reports.event import CONTRACT, CrashReportV1
from crash_platform.pipelines.reports.live.positions import Row
from crash_platform.pipelines.reports.live.reading import known_borough
from crash_platform.streams.event import RejectedError
from crash_platform.streams.log import Message

IsKnown = Callable[[date, str, int], bool]
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Delivery:
    """A report, and the message that brought it."""

    report: CrashReportV1
    message: Message


@dataclass
class SortedOut:
    """What messages hold: reports to score, and how many of what is passed over.

    ``poison`` counts messages that are no reports, by the kind of their defect.
    """

    news: list[Delivery] = field(default_factory=list)
    reached: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    withdrawn: int = 0
    poison: Counter[str] = field(default_factory=Counter)


def sorted_out(messages: Sequence[Message], is_known: IsKnown) -> SortedOut:
    """Messages, each taken for one thing; the position that each partition has come to with them.

    Args:
        messages: ascending within each partition.
        is_known: whether a version of a report (day, id, version) was scored before.
    """
    found, seen = SortedOut(), set[tuple[str, int]]()
    for message in messages:
        found.reached[message.partition_id] = message.sequence_number
        try:
            report = CONTRACT.accept(message)
        except RejectedError as error:
            found.poison[error.error_class] += 1
            continue
        if not isinstance(report, CrashReportV1):
            raise TypeError(f"nobody said how to score a {type(report).__name__}")
        version = report.event_id, report.event_version
        if report.is_withdrawn:
            found.withdrawn += 1
        elif version in seen or is_known(report.crash_date, *version):
            found.duplicates += 1
        else:
            seen.add(version)
            found.news.append(Delivery(report, message))
    return found


def rows(
    news: Sequence[Delivery], answers: Sequence[Answer], generation: int, at: datetime
) -> list[Row]:
    """The answers to reports as rows, scored at a moment (UTC)."""
    return [
        _row(delivery, answer, generation, at)
        for delivery, answer in zip(news, answers, strict=True)
    ]


def _row(delivery: Delivery, answer: Answer, generation: int, at: datetime) -> Row:
    report, message = delivery.report, delivery.message
    return _told(report) | {
        "event_id": report.event_id,
        "event_version": report.event_version,
        "feature_set": answer.feature_set,
        "model_version": answer.model_version,
        "model_as_of_date": answer.model_as_of,
        "probability": answer.probability,
        "threshold": answer.threshold,
        "is_predicted_injury": answer.is_predicted_injury,
        "is_simulated": report.is_simulated,
        "source": report.source,
        "enqueued_at": message.enqueued_at,
        "scored_at": at,
        "latency_ms": (at - message.enqueued_at) / MILLISECOND,
        "hub_generation": generation,
        "partition_id": message.partition_id,
        "sequence_number": message.sequence_number,
    }


def _told(report: CrashReportV1) -> Row:
    """What the report says of when, where and what, as it says it."""
    return {
        "crash_date": report.crash_date,
        "collision_id": report.collision_id,
        "crash_time": report.crash_time,
        "borough": known_borough(report.borough),
        "latitude": report.latitude,
        "longitude": report.longitude,
        "on_street_name": report.on_street_name,
        "vehicle_types": report.vehicle_types,
        "contributing_factors": report.contributing_factors,
    }
