"""The dashboards over HTTP: pages, downloads, refusals."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crash_platform.lake.contract import Table
from crash_platform.lake.failures import LakeError
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.serving.dashboards.figure import Dashboard
from crash_platform.serving.dashboards.routes import dashboard_routes
from crash_platform_tests.serving.asking import StrictGuard
from crash_platform_tests.serving.dashboards.boards import board, by_day, listed, sql, two_days
from crash_platform_tests.serving.pages.browsing import Browser


class BrokenStore(Store):
    def version(self, table: Table) -> int | None:
        raise LakeError(f"{table.path} at /secret/place cannot be read: its disk is full.")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return two_days(tmp_path)


def browser(
    store: Store, *dashboards: Dashboard, said: list[str] | None = None, **more: Any
) -> Browser:
    say = (said if said is not None else []).append
    return Browser(rooms=(dashboard_routes(dashboards or (board(),), store, say),), **more)


def text_of(answer: httpx.Response) -> str:
    """What a page says, in one line."""
    visible = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", visible)))


def test_a_page_says_its_figures_with_their_definitions(store: Store) -> None:
    answer = browser(store).get("/board")
    assert answer.status_code == 200
    said = text_of(answer)
    assert "Crashes 9 +25.0% against before" in said
    assert "All crashes <asked> for." in said
    assert "7 have no place." in said
    assert "From gold/daily_crashes" in said
    assert "2024-03-04 QUEENS 2 2024-03-04 =HYPERLINK(1) 3 2024-03-05 QUEENS 4" in said


def test_a_page_has_no_script_or_style_of_its_own(store: Store) -> None:
    answer = browser(store).get("/board")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style", answer.text)
    scripts = re.findall(r"<script([^>]*)>", answer.text)
    assert all('src="/static/' in each or "application/json" in each for each in scripts)


def test_filters_are_in_the_address_and_shown_as_they_are_asked(store: Store) -> None:
    answer = browser(store).get("/board?first_day=2024-03-05&per=week&boroughs=QUEENS")
    assert "Crashes 4 +25.0%" in text_of(answer)
    assert 'name="first_day" type="date" value="2024-03-05"' in answer.text
    assert '<option value="week" selected>' in answer.text
    assert 'value="QUEENS" checked' in answer.text
    assert "Boroughs: Queens" in text_of(answer)
    query = "first_day=2024-03-05&amp;last_day=2024-03-05&amp;per=week&amp;boroughs=QUEENS"
    assert f'href="/board/by_day.csv?{query}"' in answer.text


def test_links_lead_to_the_last_days_with_the_other_filters_kept(store: Store) -> None:
    answer = browser(store).get("/board?per=day")
    query = "first_day=2024-03-04&amp;last_day=2024-03-05&amp;per=day"
    assert f'href="/board?{query}" aria-current="true">All days<' in answer.text


def test_every_input_has_a_label(store: Store) -> None:
    page = browser(store).get("/board").text
    fields = set(re.findall(r'<(?:input|select) id="(\w+)"', page))
    assert fields == {"first_day", "last_day", "per"}
    assert fields <= set(re.findall(r'<label for="(\w+)"', page))
    assert page.count('<label><input type="checkbox"') == 2


def test_chart_data_can_hold_any_text_without_ending_its_script(store: Store) -> None:
    nasty = "</script><script>alert(1)</script><!-- \u2028 & '"
    rows = pa.table({"crash_date": [None], "borough": [nasty], "crash_count": [1]})
    figure = replace(by_day(), rows=lambda *_: rows)
    page = browser(store, board(figure)).get("/board").text
    assert "<script>alert" not in page
    [data] = re.findall(r'<script type="application/json" id="by_day-data">(.*?)</script>', page)
    assert json.loads(data)["columns"]["borough"] == [nasty]


def test_a_long_table_is_cut_and_says_so_and_its_download_is_whole(store: Store) -> None:
    at = browser(store, board(listed(1_201)))
    page = at.get("/board")
    assert "The first 200 of 1,201 rows; the downloads have all." in text_of(page)
    assert page.text.count("<tr>") == 201
    assert len(at.get("/board/listed.csv").text.splitlines()) == 1_202


def test_a_page_without_charts_needs_no_script(store: Store) -> None:
    assert "<script" not in browser(store, board(listed(3))).get("/board").text


def test_a_lake_without_tables_is_a_page_that_says_what_is_missing(tmp_path: Path) -> None:
    figures = (by_day(), replace(by_day(), name="told", filled_by="crashes of a day"), listed(1))
    answer = browser(Store(Location(str(tmp_path / "no"))), board(*figures)).get("/board")
    assert answer.status_code == 200
    said = text_of(answer)
    assert "Nothing yet: gold/daily_crashes is empty." in said
    assert "Nothing yet: it is filled by crashes of a day." in said


def test_a_question_without_rows_is_told_from_a_table_without_any(store: Store) -> None:
    empty = replace(by_day(), name="empty", note=lambda rows: f"{rows.num_rows} are behind.")
    at = browser(store, board(by_day(), empty))
    said = text_of(at.get("/board?first_day=2023-01-01&last_day=2023-01-02"))
    assert "Nothing for these filters." in said
    assert "0 are behind." in said


def test_downloads_hold_what_the_page_shows(store: Store) -> None:
    at = browser(store)
    answer = at.get("/board/by_day.csv?boroughs=QUEENS")
    assert answer.text.splitlines() == [
        '"crash_date","borough","crash_count"',
        '2024-03-04,"QUEENS",2',
        '2024-03-05,"QUEENS",4',
    ]
    assert answer.headers["content-disposition"] == (
        'attachment; filename="board-by-day-2024-03-04-2024-03-05.csv"'
    )
    rows = pq.read_table(pa.BufferReader(at.get("/board/by_day.parquet?per=day").content))
    assert rows["borough"].to_pylist() == ["QUEENS", "=HYPERLINK(1)", "QUEENS"]


def test_a_formula_in_a_download_is_text(store: Store) -> None:
    assert '"\'=HYPERLINK(1)"' in browser(store).get("/board/by_day.csv").text


@pytest.mark.parametrize(
    "path", ["/board/none.csv", "/board/by_day.xlsx", "/board/.csv", "/board/"]
)
def test_what_is_no_download_is_not_found(store: Store, path: str) -> None:
    assert browser(store).get(path).status_code == 404


def test_nothing_can_be_downloaded_from_tables_that_were_never_written(tmp_path: Path) -> None:
    answer = browser(Store(Location(str(tmp_path)))).get("/board/by_day.csv")
    assert (answer.status_code, "nothing to download yet" in answer.text) == (404, True)


@pytest.mark.parametrize("path", ["/board", "/board/by_day.csv", "/board/by_day.parquet"])
def test_filters_that_cannot_be_used_are_a_page_that_says_why(store: Store, path: str) -> None:
    answer = browser(store).get(f"{path}?first_day=<script>")
    assert answer.status_code == 422
    assert "First day is no day" in text_of(answer)
    assert "<script>" not in answer.text


@pytest.mark.parametrize("path", ["/board", "/board/by_day.csv"])
def test_a_lake_that_cannot_be_read_is_told_to_the_operator_only(tmp_path: Path, path: str) -> None:
    said: list[str] = []
    answer = browser(BrokenStore(Location(str(tmp_path))), said=said).get(path)
    assert answer.status_code == 503
    assert "cannot be read now" in answer.text
    assert "/secret/place" not in answer.text
    assert [line.split(":")[-1] for line in said] == [" its disk is full."]


def test_a_figure_that_duckdb_refuses_is_a_page_too(store: Store) -> None:
    broken = replace(listed(1), rows=sql("SELECT no_such_column"))
    said: list[str] = []
    answer = browser(store, board(broken), said=said).get("/board")
    assert answer.status_code == 503
    assert "no_such_column" not in answer.text
    assert "no_such_column" in said[0]


@pytest.mark.parametrize("path", ["/board", "/board/by_day.csv", "/board/by_day.parquet"])
def test_dashboards_are_for_readers(store: Store, path: str) -> None:
    at = browser(store, guard=StrictGuard())
    answer = at.get(path)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/sign-in?next={path}",
    )
    at.cookies.set("crash_platform_key", "reader")
    assert at.get(path).status_code == 200


def test_dashboards_of_different_paths_are_apart(store: Store) -> None:
    other = replace(board(listed(1)), path="/other", title="Another")
    at = browser(store, board(), other)
    assert "Another" in text_of(at.get("/other"))
    assert at.get("/other/by_day.csv").status_code == 404


def test_what_a_template_below_names_is_given_to_it(store: Store) -> None:
    shown = board(
        listed(1),
        below="pages/refused.html",
        below_values=lambda *_: {"message": "said below", "status": 200, "fields": {}},
    )
    assert "said below" in text_of(browser(store, shown).get("/board"))
