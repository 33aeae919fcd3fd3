"""One answer as one line of a spool file, and such lines as rows of ``gold/served_predictions``.

No file is opened here. A line is a JSON object; whoever sends it to disk sends it whole.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Generic, Literal, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Json, TypeAdapter
from typing_extensions import TypedDict

from crash_platform.lake.frame import ContractError, conform
from crash_platform.pipelines.injuries.answering import Answer
from crash_platform.pipelines.served.tables import SERVED_PREDICTIONS

Channel = Literal["predict", "batch", "invocations", "page"]
_BEGINS: Final = b'{"asked_at":'
_LARGEST_BLOCK: Final = 2**31 - 1


@dataclass(frozen=True)
class Asked:
    """Which request it was, and over which channel it came."""

    request_id: str
    channel: Channel


@dataclass(frozen=True)
class Read:
    """What lines held: rows in the contract's types, and the lines that are none of ours."""

    rows: pa.Table
    unreadable: tuple[bytes, ...]


class About(Protocol):
    """A report that was asked about, as the API took it: of any type that pydantic writes."""

    @property
    def crash_date(self) -> date:
        """The day of the crash, as it was told."""

    @property
    def collision_id(self) -> int | None:
        """NYPD's id, where it was told."""


Told = TypeVar("Told", bound=About)


class Line(TypedDict, Generic[Told]):
    """The fields of a line; a null one is left out."""

    asked_at: str
    request_id: str
    channel: Channel
    place_in_request: int
    crash_date: date
    collision_id: int | None
    feature_set: str
    model_version: int
    model_as_of_date: date
    threshold: float
    probability: float
    is_predicted_injury: bool
    told: Json[Told]
    """The report; it is written as a text that holds JSON."""


def written_lines(
    kind: TypeAdapter[list[Line[Told]]],
    request: tuple[Asked, datetime],
    answered: Iterable[tuple[Told, Answer]],
) -> bytes:
    """The answers of one request as lines, in order.

    Args:
        kind: writes lines about reports of their type.
        request: which it was, and the moment of the answer (UTC).
        answered: reports, each with what the model said; at least one.
    """
    asked, at = request
    moment = at.isoformat(timespec="microseconds")
    found = [
        _line(asked, moment, place, report, answer)
        for place, (report, answer) in enumerate(answered)
    ]
    # All at once: to write each by itself takes twice as long.
    together = kind.dump_json(found, exclude_none=True, round_trip=True)
    # Inside a text every quotation mark has a backslash before it, so this is between lines only.
    return together[1:-1].replace(b"," + _BEGINS, b"\n" + _BEGINS) + b"\n"


def _line(asked: Asked, moment: str, place: int, report: Told, answer: Answer) -> Line[Told]:
    return {
        "asked_at": moment,
        "request_id": asked.request_id,
        "channel": asked.channel,
        "place_in_request": place,
        "crash_date": report.crash_date,
        "collision_id": report.collision_id,
        "feature_set": answer.feature_set,
        "model_version": answer.model_version,
        "model_as_of_date": answer.model_as_of,
        "threshold": answer.threshold,
        "probability": answer.probability,
        "is_predicted_injury": answer.is_predicted_injury,
        "told": report,
    }


def read_lines(data: bytes) -> Read:
    """The rows in whole lines.

    Lines are read together; only if one of them cannot be, each by itself.
    """
    if not data:
        return Read(SERVED_PREDICTIONS.schema.empty_table(), ())
    try:
        return Read(_rows(data), ())
    except (pa.ArrowInvalid, ContractError, UnicodeDecodeError):
        return _one_by_one(data.splitlines(keepends=True))


def _one_by_one(lines: list[bytes]) -> Read:
    rows, unreadable = [SERVED_PREDICTIONS.schema.empty_table()], list[bytes]()
    for each in lines:
        try:
            rows.append(_rows(each))
        except (pa.ArrowInvalid, ContractError, UnicodeDecodeError):
            unreadable.append(each)
    return Read(pa.concat_tables(rows), tuple(unreadable))


def _rows(data: bytes) -> pa.Table:
    """The rows in lines that are all as we write them.

    Raises:
        ArrowInvalid: a line is no JSON object of these fields and types.
        ContractError: a line lacks a field, or more or fewer objects came than lines.
        UnicodeDecodeError: a line is not UTF-8.
    """
    from pyarrow import json as arrow_json

    data.decode("utf-8")
    read = arrow_json.read_json(
        io.BytesIO(data),
        # One block, in this thread: a line may be longer than any smaller block.
        read_options=arrow_json.ReadOptions(
            use_threads=False, block_size=min(len(data) + 1, _LARGEST_BLOCK)
        ),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=_SPOOLED, unexpected_field_behavior="error"
        ),
    )
    count = data.count(b"\n")
    if read.num_rows != count:
        raise ContractError(f"{read.num_rows} answers are in {count} lines.")
    read = read.append_column("asked_date", pc.cast(read["asked_at"], pa.date32()))
    return _conforming(read)


def _conforming(read: pa.Table) -> pa.Table:
    schema, path = SERVED_PREDICTIONS.schema, SERVED_PREDICTIONS.path
    for name in ("crash_date", "model_as_of_date"):
        place = read.schema.get_field_index(name)
        read = read.set_column(place, name, pc.cast(read[name], pa.date32()))
    return pa.Table.from_batches(
        [conform(batch, schema, path) for batch in read.to_batches()], schema
    )


def _spooled() -> pa.Schema:
    """The types in which Arrow's reader of JSON takes the fields: it reads no dates."""
    return pa.schema(
        [
            pa.field(each.name, pa.string() if pa.types.is_date(each.type) else each.type)
            for each in SERVED_PREDICTIONS.schema
            if each.name != "asked_date"
        ]
    )


_SPOOLED: Final = _spooled()
