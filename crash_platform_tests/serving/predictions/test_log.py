"""Every answer is written down as it was given, with what was told and without who asked."""

import asyncio
import errno
import json
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from fastapi import FastAPI

from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.pipelines.served.lines import read_lines
from crash_platform.pipelines.served.spool import Spool
from crash_platform.serving.app import Options, create_app
from crash_platform.serving.predictions.log import SpooledLog
from crash_platform_tests.pipelines.injuries.small_model import AS_OF
from crash_platform_tests.pipelines.reports.live.newsroom import champions, located
from crash_platform_tests.pipelines.served.counter import Disk, numbered
from crash_platform_tests.serving.asking import BODY, FIRST, JSON, NOW, OpenGuard

HEADERS = JSON | {"Authorization": "Bearer the-secret-key"}


class Desk:
    """The API over a spool, and what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.disk, ids = folder, Disk(), count()
        spool = Spool(folder, numbered(), write=self.disk.write)
        options = Options(new_id=lambda: f"id-{next(ids)}", answers=SpooledLog(spool))
        self.app: FastAPI = create_app(
            champions, OpenGuard(), lambda: NOW, reader(located()), options
        )

    def ask(self, path: str, body: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("127.0.0.1", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                if body is None:
                    return await http.get(path)
                return await http.post(path, content=json.dumps(body), headers=HEADERS)

        return asyncio.run(asked())

    def written(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.iterdir()))

    def rows(self) -> list[dict[str, Any]]:
        read = read_lines(self.written())
        assert read.unreadable == ()
        rows: pa.Table = read.rows
        found: list[dict[str, Any]] = rows.to_pylist()
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_answer_is_written_down_as_it_was_given(desk: Desk) -> None:
    told = BODY | {"collision_id": 4_000_001}
    answered = desk.ask("/predict", told)
    (row,) = desk.rows()
    assert json.loads(row.pop("told")) == told
    answer = answered.json()
    assert date.fromisoformat(answer.pop("model_as_of")) == row.pop("model_as_of_date") == AS_OF
    assert row == answer | {
        "asked_at": NOW,
        "asked_date": NOW.date(),
        "request_id": answered.headers["x-request-id"],
        "place_in_request": 0,
        "channel": "predict",
        "crash_date": date(2023, 9, 20),
        "collision_id": 4_000_001,
    }


@pytest.mark.parametrize(
    ("path", "body", "channel"),
    [
        ("/predict/batch", [FIRST, BODY, FIRST], "batch"),
        ("/invocations", {"dataframe_records": [FIRST, BODY, FIRST]}, "invocations"),
    ],
)
def test_every_answer_of_a_batch_has_its_place(
    desk: Desk, path: str, body: Any, channel: str
) -> None:
    answered = desk.ask(path, body)
    rows = desk.rows()
    names = ("probability", "feature_set", "threshold", "model_version", "is_predicted_injury")
    assert [{name: row[name] for name in names} for row in rows] == [
        {name: each[name] for name in names} for each in answered.json()["predictions"]
    ]
    assert [row["place_in_request"] for row in rows] == [0, 1, 2]
    assert {row["channel"] for row in rows} == {channel}
    assert {row["request_id"] for row in rows} == {answered.headers["x-request-id"]}


def test_an_explained_answer_is_written_down_once(desk: Desk) -> None:
    desk.ask("/predict?explain=1", BODY)
    assert [row["channel"] for row in desk.rows()] == ["predict"]


def test_what_is_refused_and_what_nobody_asked_is_not_written_down(desk: Desk) -> None:
    desk.ask("/predict", BODY | {"persons_injured": 1})
    desk.ask("/predict/batch", [])
    desk.ask("/health", None)
    assert desk.rows() == []


def test_neither_key_nor_address_is_written_down(desk: Desk) -> None:
    desk.ask("/predict", BODY)
    assert b"secret" not in desk.written()
    assert b"127.0.0.1" not in desk.written()


def test_the_collision_id_is_never_read_by_a_model(desk: Desk) -> None:
    one, other = (desk.ask("/predict", BODY | {"collision_id": n}).json() for n in (1, 2**53))
    assert one == other == desk.ask("/predict", BODY).json()


@pytest.mark.parametrize("collision_id", [0, -1, 2**53 + 1, "4000001", 1.5, True])
def test_a_collision_id_that_cannot_be_is_refused(desk: Desk, collision_id: Any) -> None:
    refused = desk.ask("/predict", BODY | {"collision_id": collision_id})
    assert refused.status_code == 422
    assert list(refused.json()["error"]["fields"]) == ["collision_id"]


def test_answers_go_out_though_they_cannot_be_written_down_and_health_says_how_many(
    desk: Desk,
) -> None:
    assert desk.ask("/health", None).json() == {"status": "alive"}
    desk.disk.faults.append((0, OSError(errno.ENOSPC, "No space left on device")))
    assert len(desk.ask("/predict/batch", [BODY, FIRST]).json()["predictions"]) == 2
    assert desk.ask("/health", None).json() == {"status": "alive", "unlogged_predictions": 2}


@pytest.mark.parametrize("text", ["a\nb\t\u2028\x85", '"}\\', "\x00", "é🚲"])
def test_whatever_is_told_stays_on_its_line(desk: Desk, text: str) -> None:
    desk.ask("/predict", BODY | {"on_street_name": text})
    desk.ask("/predict", FIRST)
    first, second = desk.rows()
    assert json.loads(first["told"])["on_street_name"] == text
    assert json.loads(second["told"]) == FIRST
