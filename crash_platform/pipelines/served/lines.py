"""One answer as one line of a spool file, and such lines as rows of ``gold/served_predictions``.

No file is opened here. A line is a JSON object; whoever sends it to disk sends it whole.
"""

import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from crash_platform.lake.frame import ContractError, conform
from crash_platform.pipelines.injuries.answering import Answer
from crash_platform.pipelines.served.tables import SERVED_PREDICTIONS

Channel = Literal["predict", "batch", "invocations", "page"]
_QUOTED: Final = json.JSONEncoder(ensure_ascii=False).encode
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


def head(asked: Asked, at: datetime) -> str:
    """What all lines of one request begin with; ``at`` is the moment of the answer (UTC)."""
    return (
        f'{{"asked_at":"{at.isoformat(timespec="microseconds")}",'
        f'"request_id":{_QUOTED(asked.request_id)},"channel":"{asked.channel}",'
    )


def line(begun: str, place: int, crash: tuple[date, int | None], answer: Answer, told: str) -> str:
    """One answer as a line.

    Args:
        begun: the request's ``head``.
        place: in the request, from 0.
        crash: its day, and NYPD's id where there is one.
        answer: what the model said.
        told: the report as JSON.
    """
    day, collision_id = crash
    model = _model(answer.feature_set, answer.model_version, answer.model_as_of, answer.threshold)
    return (
        f'{begun}"place_in_request":{place},"crash_date":"{day}",'
        f'"collision_id":{"null" if collision_id is None else collision_id},{model}'
        f'"probability":{answer.probability!r},'
        f'"is_predicted_injury":{"true" if answer.is_predicted_injury else "false"},'
        f'"told":{_QUOTED(told)}}}\n'
    )


@lru_cache(maxsize=64)
def _model(feature_set: str, version: int, as_of: date, threshold: float) -> str:
    return (
        f'"feature_set":"{feature_set}","model_version":{version},'
        f'"model_as_of_date":"{as_of}","threshold":{threshold!r},'
    )


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
