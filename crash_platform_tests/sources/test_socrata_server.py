"""The portal for tests answers as the real one does."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from crash_platform_tests.sources.socrata_cases import PUBLISHED, crash, crashes, keys
from crash_platform_tests.sources.socrata_query import BadQuery, Table
from crash_platform_tests.sources.socrata_server import SocrataServer

TABLE = Table(
    tuple(crashes(12)), {"collision_id", "crash_date", "number_of_persons_injured", "borough"}
)


def ask(**params: str) -> list[dict[str, object]]:
    return TABLE.answer({f"${name}": value for name, value in params.items()})


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("collision_id = 7", ["7"]),
        ("collision_id >= '10'", ["10", "11"]),
        ("collision_id > 9 AND collision_id < 11", ["10"]),
        ("crash_date <= '2022-01-01'", ["0"]),
        (":updated_at >= '2026-04-14T09:00:00Z' and collision_id = 3", ["3"]),
        ("borough = 'O''HARA'", []),
    ],
)
def test_comparisons_read_numbers_and_moments_not_letters(where: str, found: list[str]) -> None:
    assert keys(ask(where=where)) == sorted(found)


@pytest.mark.parametrize(
    "params",
    [
        {"where": "collision_id = "},
        {"where": "collision_id = 1 OR collision_id = 2"},
        {"where": ""},
        {"where": "collision_id = 'x'"},
        {"where": "no_such = 1"},
        {"select": "no_such"},
        {"select": ":id,*"},
        {"select": "*,:*"},
        {"order": "no_such"},
        {"limit": "50001"},
        {"limit": "-1"},
        {"$app_token": "x"},
    ],
)
def test_what_the_real_portal_cannot_read_is_refused(params: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        ask(**params)


def test_selections_aggregates_and_order() -> None:
    assert ask(select="count(*)") == [{"count": "12"}]
    assert ask(select="count(*) as n,max(collision_id) as last,min(:updated_at)") == [
        {"n": "12", "last": "11", "min_updated_at": PUBLISHED}
    ]
    assert ask(select="max(borough)") == [{}]
    assert ask(select="collision_id", order="collision_id DESC", limit="2") == [
        {"collision_id": "11"},
        {"collision_id": "10"},
    ]
    assert set(ask(select=":*,*", limit="1")[0]) == {":id", ":updated_at", *crash(1)}
    assert set(ask(limit="1")[0]) == set(crash(1))


def test_a_thousand_rows_are_the_default() -> None:
    assert len(Table(tuple(crashes(1200)), crash(1).keys()).answer({})) == 1000


def test_pages_without_order_repeat_one_row_and_skip_another() -> None:
    got = [row["collision_id"] for at in ("0", "5", "10") for row in ask(limit="5", offset=at)]
    assert len(got) == 12
    assert len(set(got)) == 10
    ordered = [row for at in ("0", "5", "10") for row in ask(limit="5", offset=at, order=":id")]
    assert keys(ordered) == keys(crashes(12))


def test_the_body_looks_like_the_real_one() -> None:
    with SocrataServer(crashes(2)) as server:
        answer = httpx.get(
            f"{server.url}/resource/h9gi-nx95.json?$order=collision_id", trust_env=False
        )
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.text.startswith('[{"collision_id":"0","crash_date":"2022-01-01T00:00:00.000",')
    assert '"}\n,{"' in answer.text


def test_the_server_can_be_started_by_hand(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps([crash(1), crash(2), crash(1)]))
    root = Path(__file__).parents[2]
    command = [
        sys.executable,
        "-m",
        "crash_platform_tests.sources.socrata_server",
        "--rows",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        try:
            rows = httpx.get(said.split()[-1], trust_env=False).json()
        finally:
            process.kill()
    assert said.startswith("2 rows at http://127.0.0.1:")
    assert keys(rows) == ["1", "2"]
