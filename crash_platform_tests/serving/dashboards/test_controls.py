"""What the shared filters offer of the data, and what they bind in SQL."""

from contextlib import closing
from datetime import date
from pathlib import Path

import pyarrow as pa

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes.tables import CRASH_COVERAGE, DAILY_CRASHES
from crash_platform.pipelines.tables import TABLES
from crash_platform.pipelines.views import ask, connect
from crash_platform.serving.dashboards.controls import boroughs, choice, choices, days, per
from crash_platform.serving.dashboards.figure import Control
from crash_platform.settings import FIRST_DAY
from crash_platform_tests.serving.dashboards.boards import two_days
from crash_platform_tests.serving.dashboards.figures import lake


def default_of(control: Control, store: Store) -> object:
    with closing(connect(store, control.tables)) as connection:
        assert control.default is not None
        return control.default(connection)


def covered(folder: Path, *covered_days: date) -> Store:
    rows = [{"crash_date": day, "clean_count": 1} for day in covered_days]
    return lake(folder, {"gold/crash_coverage": rows}, TABLES)


def test_days_end_with_the_newest_official_day_and_begin_a_year_before(tmp_path: Path) -> None:
    store = covered(tmp_path, date(2020, 1, 1), date(2024, 12, 31))
    first, last = days()
    assert default_of(last, store) == date(2024, 12, 31)
    assert default_of(first, store) == date(2024, 1, 2)


def test_days_begin_no_earlier_than_there_are_any(tmp_path: Path) -> None:
    store = covered(tmp_path, date(2024, 12, 1), date(2024, 12, 31))
    assert default_of(days()[0], store) == date(2024, 12, 1)
    assert default_of(days(default_days=7)[0], store) == date(2024, 12, 25)


def test_days_are_dates_even_while_there_are_none(tmp_path: Path) -> None:
    store = Store(Location(str(tmp_path / "nothing")))
    assert [default_of(control, store) for control in days()] == [FIRST_DAY, FIRST_DAY]
    with closing(connect(store, [CRASH_COVERAGE])) as connection:
        assert [control.bounds(connection) for control in days()] == [None, None]
        asked = {"first_day": FIRST_DAY, "last_day": FIRST_DAY}
        text = "SELECT date_diff('day', $first_day, $last_day + INTERVAL 1 DAY) AS n"
        assert ask(connection, text, asked).to_pylist() == [{"n": 1}]


def test_days_of_another_table_are_asked_of_it(tmp_path: Path) -> None:
    store = two_days(tmp_path)
    first, last = days(table=DAILY_CRASHES)
    assert first.tables == (DAILY_CRASHES,)
    assert default_of(last, store) == date(2024, 3, 5)


def test_boroughs_are_those_of_the_data_and_none_means_all(tmp_path: Path) -> None:
    control = boroughs()
    text = (
        "SELECT CAST(sum(crash_count) AS BIGINT) AS n FROM gold.daily_crashes "
        "WHERE $boroughs = [] OR list_contains($boroughs, borough)"
    )
    with closing(connect(two_days(tmp_path), control.tables)) as connection:
        assert list(control.options(connection)) == [
            ("=HYPERLINK(1)", "=Hyperlink(1)"),
            ("QUEENS", "Queens"),
        ]
        counts = [
            ask(connection, text, {"boroughs": chosen})["n"].to_pylist()
            for chosen in ([], ["QUEENS"])
        ]
    assert counts == [[9], [6]]


def test_every_step_of_time_is_one_that_sql_can_cut_days_to(tmp_path: Path) -> None:
    control = per()
    with closing(connect(Store(Location(str(tmp_path))), ())) as connection:
        cut = [
            ask(connection, "SELECT date_trunc($per, DATE '2024-03-06') AS d", {"per": step})
            for step, _ in control.options(connection)
        ]
        assert control.default is not None
        assert control.default(connection) == "month"
    firsts = [rows["d"].cast(pa.date32()).to_pylist() for rows in cut]
    assert firsts == [
        [date(2024, 3, 6)],
        [date(2024, 3, 4)],
        [date(2024, 3, 1)],
        [date(2024, 1, 1)],
    ]


def test_a_choice_offers_what_a_select_gives_as_texts(tmp_path: Path) -> None:
    text = (
        "SELECT DISTINCT crash_date AS value, 'on ' || crash_date AS label FROM gold.daily_crashes"
    )
    for made in (choice, choices):
        control = made("day", "Day", f"{text} ORDER BY 1", [DAILY_CRASHES])
        with closing(connect(two_days(tmp_path / made.__name__), control.tables)) as connection:
            assert list(control.options(connection)) == [
                ("2024-03-04", "on 2024-03-04"),
                ("2024-03-05", "on 2024-03-05"),
            ]
