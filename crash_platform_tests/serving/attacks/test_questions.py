"""Whatever an address asks of a dashboard, it is a value that is offered, or it is refused."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from crash_platform.commands.site import dashboards
from crash_platform.serving.dashboards.query import LONGEST
from crash_platform.settings import Settings
from crash_platform_tests.serving.attacks.attacker import Attacker

CONTROLS = {
    board.path: [control.name for control in board.controls]
    for board in dashboards(Settings(home=Path("none")))
}
FILES = {"/overview": "trend", "/hotspots": "highest"}
INJECTIONS = (
    *("'; DROP TABLE gold.daily_crashes; --", "' OR '1'='1", "1 OR 1=1", '" OR ""="', "') OR 1=1"),
    *("$first_day", "$1", "?", "{}", "%s", "%(a)s", "$$a$$", "\\'; SELECT 1", "[]", "['QUEENS']"),
    *("read_csv('/etc/passwd')", "' UNION SELECT * FROM read_text('/etc/passwd') --"),
    *("'; ATTACH '/etc/passwd' AS a; --", "'; COPY (SELECT 1) TO '/tmp/x'; --", "getenv('HOME')"),
    *("'; INSTALL httpfs; --", "'; SET enable_external_access=true; --", "${7*7}", "/*", "--"),
    *(
        "\u2019 OR 1=1",
        "\uff07 OR 1=1",
        "\u02bc OR 1=1",
        "a\x00b",
        "\x00",
        "\ud83d",
        "\u202e",
        "🚲",
    ),
    *("2024-01-01' OR '1", "2024-01-01; --", "2024-13-01", "0000-00-00", "infinity", "-infinity"),
    *(
        "epoch",
        "9999-12-31",
        "0001-01-01",
        "2199-12-31",
        "\u0662\u0660\u0662\u0664-01-01",
        "2024-W01-1",
        "2024-001",
    ),
    *("NaN", "1e309", "-1", "9" * 400, "null", "None", "undefined", "true", "0x1", "../../etc"),
)


def asked(value: str) -> str:
    """A value as it stands in an address; half a character too."""
    return quote(value, safe="", errors="surrogatepass")


def addresses(path: str) -> Iterator[bytes]:
    """Every attack on every filter of a dashboard, all filters at once."""
    for injection in INJECTIONS:
        yield "&".join(f"{name}={asked(injection)}" for name in CONTROLS[path]).encode()


@pytest.mark.parametrize("path", FILES)
def test_no_filter_takes_sql(poisoned: Attacker, path: str) -> None:
    for query in addresses(path):
        answer = poisoned.get(f"{path}/{FILES[path]}.csv", query)
        assert answer.status == 422, query
        assert "passwd" not in answer.told
        assert "root:" not in answer.told


@pytest.mark.parametrize("path", CONTROLS)
def test_each_filter_refuses_by_itself(poisoned: Attacker, path: str) -> None:
    for name in CONTROLS[path]:
        answer = poisoned.get(path, {name: "' OR 1=1 --"})
        assert answer.status == 422, name
        assert "OR 1=1" not in answer.text


def test_days_that_no_calendar_of_the_lake_has_give_no_rows(poisoned: Attacker) -> None:
    for first, last in (("1900-01-01", "1900-01-02"), ("2199-12-30", "2199-12-31")):
        answer = poisoned.get("/overview/trend.csv", {"first_day": first, "last_day": last})
        assert (answer.status, len(answer.text.splitlines())) == (200, 1)


def test_an_attack_that_is_offered_as_a_choice_is_only_a_value(poisoned: Attacker) -> None:
    """Boroughs of the lake are attacks here: they choose their own rows and no others."""
    every = poisoned.get("/overview/boroughs.csv").text
    one = poisoned.get("/overview/boroughs.csv", {"boroughs": "@SUM(1+1)*cmd"}).text
    assert every.count("SUM(1+1)") == one.count("SUM(1+1)") == 1
    assert "calc" in every
    assert "calc" not in one


REPEATED = (
    b"per=day&per=month",
    b"first_day=2023-09-19&first_day=2023-09-18",
    b"per[]=day&per=day%00",
    b"boroughs=" + b"x" * (LONGEST - 8),
    b"&" * 4_000,
    b"a=1&" * 990,
    b"x" * 100_000,
    b"per=" + b"%" * 50_000,
)


@pytest.mark.parametrize("query", REPEATED)
def test_filters_too_many_or_too_long_are_refused(poisoned: Attacker, query: bytes) -> None:
    for path in ("/overview", "/overview/trend.parquet"):
        assert poisoned.get(path, query).status in (200, 422)
    if len(query) > LONGEST or query.startswith((b"per=d", b"first")):
        assert poisoned.get("/overview/trend.csv", query).status == 422


@pytest.mark.parametrize(
    "query", [b"%ff=%fe", b"%", b"=", b"&=&", b"per=%zz", b";", b"#", b"per", b"%00"]
)
def test_an_address_that_says_nothing_asks_nothing(poisoned: Attacker, query: bytes) -> None:
    assert poisoned.get("/overview/trend.csv", query).status in (200, 422)


@pytest.mark.parametrize("chart", ["' OR 1=1 --", "%00", "..%2f..%2fcard", "%ff", "x" * 3_000, "*"])
@pytest.mark.parametrize("day", ["2023-09-19", "9999-12-31", "0001-01-01", "' OR 1=1", "%00"])
def test_no_name_of_a_picture_finds_another_one(poisoned: Attacker, chart: str, day: str) -> None:
    assert poisoned.get(f"/model/pictures/{day}/first_report/{chart}.png").status == 404
