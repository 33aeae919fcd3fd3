"""What a lake says to a question: what is opened, what is remembered, what was never written."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import Frame
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, CRASH_FACTORS, DAILY_CRASHES
from crash_platform.serving.dashboards.figure import Dashboard
from crash_platform.serving.dashboards.reading import Answer, Reader, tables_of
from crash_platform.serving.dashboards.remembering import Memory
from crash_platform_tests.serving.dashboards.boards import board, by_day, counted, daily, two_days
from crash_platform_tests.serving.dashboards.figures import filled


def reader(store: Store) -> Reader:
    return Reader(store, Memory(lambda: 0.0))


def ask(reader: Reader, dashboard: Dashboard, query: str = "") -> Answer:
    return reader.read(dashboard, query, dashboard.figures)


def test_the_same_question_is_answered_from_memory(tmp_path: Path) -> None:
    figure, asked = counted(by_day())
    at, dashboard = reader(two_days(tmp_path)), board(figure)
    answers = [ask(at, dashboard).rows["by_day"] for _ in range(3)]
    assert answers[0] is answers[1] is answers[2]
    assert len(asked) == 1
    ask(at, dashboard, "boroughs=QUEENS")
    assert [told["boroughs"] for told in asked] == [[], ["QUEENS"]]


def test_a_table_that_changed_is_asked_anew(tmp_path: Path) -> None:
    store = two_days(tmp_path)
    at, dashboard = reader(store), board(by_day())
    before = ask(at, dashboard).rows["by_day"]
    day = date(2024, 3, 5)
    rows = filled(DAILY_CRASHES, [daily(day, "BRONX", 8)])
    store.replace(DAILY_CRASHES, Window(day, day), Frame.of(rows))
    after = ask(at, dashboard)
    assert before is not None
    assert before["crash_count"].to_pylist() == [2, 3, 4]
    assert after.rows["by_day"] is not None
    assert after.rows["by_day"]["crash_count"].to_pylist() == [2, 3, 8]
    assert "BRONX" in dict(after.offers[3].options)


def test_what_depends_on_more_than_tables_is_asked_every_time(tmp_path: Path) -> None:
    figure, asked = counted(replace(by_day(), is_kept=False))
    at, dashboard = reader(two_days(tmp_path)), board(figure)
    for _ in range(3):
        ask(at, dashboard)
    assert len(asked) == 3


def test_a_figure_whose_tables_were_never_written_is_not_asked(tmp_path: Path) -> None:
    figure, asked = counted(by_day())
    answer = ask(reader(Store(Location(str(tmp_path / "no")))), board(figure))
    assert answer.rows == {"by_day": None}
    assert asked == []


def test_a_figure_is_asked_if_one_of_its_tables_was_written(tmp_path: Path) -> None:
    figure, asked = counted(by_day(sources=(CRASH_FACTORS, DAILY_CRASHES)))
    ask(reader(two_days(tmp_path)), board(figure))
    assert len(asked) == 1


def test_only_the_figures_that_are_wanted_are_read(tmp_path: Path) -> None:
    wanted, other = counted(by_day()), counted(replace(by_day(), name="other"))
    dashboard = board(wanted[0], other[0])
    answer = reader(two_days(tmp_path)).read(dashboard, "", [wanted[0]])
    assert set(answer.rows) == {"by_day"}
    assert not other[1]


def test_the_tables_of_controls_are_read_besides_those_of_the_dashboard() -> None:
    paths = [table.path for table in tables_of(replace(board(), tables=(CRASH_FACTORS,)))]
    assert paths == [CRASH_FACTORS.path, CRASH_COVERAGE.path, DAILY_CRASHES.path]


def test_what_is_below_is_made_from_what_is_asked_and_remembered(tmp_path: Path) -> None:
    made: list[str] = []

    def values(_: object, asked: object) -> dict[str, str]:
        made.append(asked["per"])  # type: ignore[index]
        return {"per": made[-1]}

    dashboard = board(by_day(), below="dashboards/any.html", below_values=values)
    at = reader(two_days(tmp_path))
    found = [ask(at, dashboard, query).below for query in ("", "per=day", "")]
    assert found == [{"per": "month"}, {"per": "day"}, {"per": "month"}]
    assert made == ["month", "day"]


def test_a_lake_is_opened_once_and_only_if_something_is_not_known(tmp_path: Path) -> None:
    opened: list[str] = []

    class Watched(Store):
        def slice(self, table: Table, window: Window | None = None):  # type: ignore[no-untyped-def]
            opened.append(table.name)
            return super().slice(table, window)

    at, dashboard = reader(Watched(two_days(tmp_path).location)), board(by_day())
    ask(at, dashboard)
    assert opened == [table.name for table in tables_of(dashboard)]
    ask(at, dashboard)
    assert len(opened) == 3
