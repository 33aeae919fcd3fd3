"""The commands that give gold to other tools, as people use them."""

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from crash_platform.commands.answers import show_answer
from crash_platform.commands.query import export, sql
from crash_platform.errors import PlatformError
from crash_platform_tests.pipelines.gold_lake import FORMULA, gold_lake

Run = Callable[..., tuple[int, str]]

DAILY = "SELECT crash_date, borough, crash_count FROM gold.daily_crashes ORDER BY ALL"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    gold_lake(home / "lake")
    return home


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command: arguments in; exit code and output out, or the sentence of a refusal."""
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(home))
    monkeypatch.delenv("CRASH_PLATFORM_LAKE", raising=False)
    app = typer.Typer()
    app.command()(sql)
    app.command()(export)

    def command(*arguments: object, stdin: str | bytes | None = None) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(map(str, arguments)), input=stdin)
        if isinstance(done.exception, PlatformError):
            return 1, str(done.exception)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout

    return command


def test_an_answer_is_shown_as_a_table(run: Run) -> None:
    code, out = run("sql", DAILY)
    assert code == 0
    assert [line.split() for line in out.splitlines()] == [
        ["crash_date", "borough", "crash_count"],
        ["2022-03-01", "BRONX", "3"],
        ["2022-03-01", "QUEENS", "2"],
        ["2022-03-02", "BRONX", "1"],
        ["3", "rows."],
    ]


def test_a_table_ends_at_fifty_rows_and_says_so(run: Run) -> None:
    _, out = run("sql", "SELECT range AS n FROM range(51)")
    assert out.splitlines()[-2].strip() == "49"
    assert out.splitlines()[-1] == "The first 50 rows; --format csv, json or parquet gives all."
    _, out = run("sql", "SELECT range AS n FROM range(50)")
    assert out.splitlines()[-1] == "50 rows."


def test_a_narrow_terminal_shows_the_columns_it_has_room_for_and_names_the_others() -> None:
    rows = pa.table({"first": ["a" * 60], "second": [1], "third": ["b" * 60], "fourth": [2]})
    console = Console(file=io.StringIO(), width=55, force_terminal=True, color_system=None)
    show_answer(rows.to_reader(), console)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "third  " not in told
    assert "…" in told
    assert "1 row. No room for 2 more columns: third, fourth." in " ".join(told.split())
    assert max(map(len, told.splitlines())) <= 55


def test_text_of_records_cannot_steer_the_terminal() -> None:
    rows = pa.table({"said": ["\x1b[2J\x1b]0;title\x07 a\nb [red]c\u202e"], "\x1b[31mname": [None]})
    console = Console(file=io.StringIO(), width=200, force_terminal=True, color_system=None)
    show_answer(rows.to_reader(), console)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b[2J" not in told
    assert "\x1b]" not in told
    assert "\x1b[31m" not in told
    assert "a b [red]c\ufffd" in told


def test_csv_goes_to_standard_output_with_formulas_defused(run: Run) -> None:
    question = "SELECT on_street_name, vehicle_types, known_at FROM gold.crashes_now ORDER BY 1"
    code, out = run("sql", question, "--format", "csv")
    assert code == 0
    assert list(csv.reader(io.StringIO(out))) == [
        ["on_street_name", "vehicle_types", "known_at"],
        [f"'{FORMULA}", '["Sedan", "Bus"]', "2022-03-02 12:30:00.000000Z"],
        ["BROADWAY", '["Sedan", "Bus"]', "2022-03-02 12:30:00.000000Z"],
    ]


def test_json_is_a_line_for_each_row(run: Run) -> None:
    question = """
        SELECT crash_date, known_at, vehicle_types, sum(2) AS "sum", 1.5::DECIMAL(4,1) AS part,
            'NaN'::DOUBLE AS nan, NULL AS nothing, is_final, 'ä' AS word, {'a': 1} AS pair
        FROM gold.crashes_now WHERE is_final GROUP BY ALL
    """
    code, out = run("sql", "-", "--format", "json", stdin=question)
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "crash_date": "2022-03-02",
            "known_at": "2022-03-02T12:30:00+00:00",
            "vehicle_types": ["Sedan", "Bus"],
            "sum": 2,
            "part": 1.5,
            "nan": "nan",
            "nothing": None,
            "is_final": True,
            "word": "ä",
            "pair": {"a": 1},
        }
    ]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_a_file_holds_every_row_in_the_form_of_its_ending(
    run: Run, tmp_path: Path, ending: str
) -> None:
    path, question = tmp_path / f"answer.{ending}", tmp_path / "question.sql"
    path.write_text("what was there before")
    question.write_text(DAILY)
    assert run("sql", "-f", question, "-o", path) == (0, "")
    if ending == "parquet":
        rows = [[str(value) for value in row.values()] for row in pq.read_table(path).to_pylist()]
    elif ending == "csv":
        rows = list(csv.reader(path.read_text().splitlines()))[1:]
    else:
        rows = [list(map(str, json.loads(line).values())) for line in path.read_text().splitlines()]
    assert rows == [
        ["2022-03-01", "BRONX", "3"],
        ["2022-03-01", "QUEENS", "2"],
        ["2022-03-02", "BRONX", "1"],
    ]
    assert sorted(tmp_path.iterdir()) == [path, question]


def test_a_question_that_fails_halfway_leaves_the_file_as_it_was(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "answer.csv"
    path.write_text("before")
    question = (
        "SELECT CAST(CASE WHEN range > 300000 THEN 'x' ELSE '1' END AS INT) FROM range(4e5::INT)"
    )
    code, told = run("sql", question, "-o", path)
    assert code == 1
    assert "Could not convert string 'x'" in told
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("SELEC 1",), 'DuckDB cannot answer that: Parser Error: syntax error at or near "SELEC"'),
        (
            ("FROM gold.daily_crash",),
            "There is no table gold.daily_crash, did you mean gold.daily_crashes?",
        ),
        (("DELETE FROM gold.daily_crashes",), "Only one SELECT can be answered, nothing else."),
        (("FROM read_csv('/etc/passwd')",), "DuckDB cannot answer that: Permission Error: Cannot"),
        (("SELECT 1", "--tables"), "Ask one thing:"),
        (("SELECT 1", "-f", "x.sql"), "Ask one thing:"),
        ((), "Ask one thing:"),
        (("-f", "absent.sql"), "The question in absent.sql cannot be read ("),
        (("SELECT 1", "--format", "parquet"), "Parquet is for a file: name it with --output."),
        (("SELECT 1", "-o", "answer.txt"), "Say how to write answer.txt: --format csv, json or"),
        (("SELECT 1 AS a, 2 AS a", "--format", "json"), "Two columns are called a: name one of"),
        (("SELECT 1", "-o", "nowhere/x.csv"), "There is no folder "),
        (("SELECT 1", "-o", "{home}/lake/gold/x.csv"), "{home}/lake/gold/x.csv lies inside the"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    run: Run, home: Path, arguments: tuple[str, ...], told: str
) -> None:
    before = sorted(home.rglob("*"))
    code, said = run("sql", *(each.format(home=home) for each in arguments))
    assert code == 1
    assert said.startswith(told.format(home=home))
    assert "\n" not in said
    assert sorted(home.rglob("*")) == before


def test_the_tables_are_listed_with_their_rows_columns_and_meaning(run: Run) -> None:
    code, out = run("sql", "--tables")
    assert code == 0
    listed = {text.split("\n")[0]: text.split("\n")[1:] for text in out.strip().split("\n\n")}
    assert listed["gold.daily_crashes  (3 rows)"][0].strip() == (
        "Crashes and casualties by day and borough."
    )
    assert listed["gold.daily_crashes  (3 rows)"][1].strip().startswith("crash_date, borough, ")
    assert "silver.crashes  (0 rows)" in listed


def test_gold_becomes_one_file_that_says_what_it_is(run: Run, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "it's gold.duckdb"
    code, out = run("export", path)
    assert code == 0
    assert ["gold.daily_crashes", "3", "rows"] in [line.split() for line in out.splitlines()]
    with duckdb.connect(str(path), read_only=True) as file:
        assert file.sql("SELECT sum(crash_count) FROM gold.daily_crashes").fetchall() == [(6,)]
        assert file.sql("SELECT title FROM model.evaluation_charts").fetchall() == [
            ("Say 'how' good.",)
        ]
        about = file.sql("FROM about WHERE table_name = 'gold.daily_crashes'").to_df()
    row = about.to_dict("records")[0]
    assert (row["row_count"], row["newest_day"].date()) == (3, date(2022, 3, 2))
    assert (row["delta_version"], row["lake"]) == (2, str(home / "lake"))
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_is_made_again_in_its_place_and_of_the_tables_asked_for(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "gold.duckdb"
    assert run("export", path)[0] == 0
    code, out = run("export", path, "--tables", "gold.daily_crashes,silver/crashes")
    assert code == 0
    assert out.splitlines()[-1].startswith("2 tables, ")
    with duckdb.connect(str(path), read_only=True) as file:
        names = file.sql("SELECT table_name FROM about ORDER BY ALL").fetchall()
        assert file.sql("SELECT count(*) FROM silver.crashes").fetchall() == [(0,)]
    assert names == [("gold.daily_crashes",), ("silver.crashes",)]


def test_a_file_that_is_no_export_is_never_replaced(run: Run, tmp_path: Path) -> None:
    text, other = tmp_path / "notes.duckdb", tmp_path / "other.duckdb"
    text.write_text("my notes")
    with duckdb.connect(str(other)) as file:
        file.execute("CREATE TABLE about AS SELECT 1 AS lake")
    for path in (text, other):
        before = path.read_bytes()
        code, told = run("export", path)
        assert (code, told) == (
            1,
            f"{path} is there already and no export: name another file.",
        )
        assert path.read_bytes() == before


def test_a_file_that_another_program_writes_to_is_left_to_it(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "gold.duckdb"
    assert run("export", path)[0] == 0
    path.with_name("gold.duckdb.wal").write_bytes(b"")
    code, told = run("export", path)
    assert (code, told) == (1, f"{path} is open in another program: close it there.")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("x.duckdb", "--tables", "gold.daily"), "There is no table gold.daily, did you mean"),
        (("x.duckdb", "--tables", "zzz"), "There is no table zzz: crash-platform sql --tables"),
        (("{home}/lake/x.duckdb",), "{home}/lake/x.duckdb lies inside the lake"),
        (("{home}",), "{home} is a folder: name a file in it."),
        (("{home}/nowhere/x.duckdb",), "There is no folder {home}/nowhere for x.duckdb: make"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    run: Run, home: Path, arguments: tuple[str, ...], told: str
) -> None:
    code, said = run("export", *(each.format(home=home) for each in arguments))
    assert code == 1
    assert said.startswith(told.format(home=home))
