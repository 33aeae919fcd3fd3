"""The map of hotspots: which cell has how much, and what is on no map."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import h3
import pytest

from crash_platform.lake.store import Store
from crash_platform.pipelines.crashes import places
from crash_platform.pipelines.tables import TABLES
from crash_platform.serving.dashboards.hotspots import hotspots
from crash_platform.serving.pages.page import STATIC
from crash_platform_tests.serving.dashboards.figures import (
    Row,
    asked_by_default,
    lake,
    note_of,
    rows_of,
)

HOTSPOTS = hotspots()
COARSE = h3.latlng_to_cell(40.758, -73.9855, 8)
ONE, TWO, *_ = sorted(h3.cell_to_children(COARSE, 9))
FAR = h3.latlng_to_cell(40.6, -74.1, 9)
DAY = date(2021, 5, 1)
ASKED: dict[str, Any] = {
    "first_day": date(2021, 1, 1),
    "last_day": date(2021, 12, 31),
    "measure": "crash_count",
    "resolution": "9",
    "cells": "2000",
}


def spot(cell: str, crashes: int, day: date = DAY, **cells: Any) -> Row:
    return {"crash_date": day, "h3_cell": cell, "crash_count": crashes, **cells}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    rows = [
        spot(ONE, 2, injury_crash_count=1, persons_injured=1),
        spot(ONE, 1, date(2021, 6, 1), injury_crash_count=1, persons_injured=3),
        spot(TWO, 2),
        spot(FAR, 4, persons_killed=1),
        spot("UNLOCATED", 3, persons_killed=1),
        spot("UNLOCATED", 100, date(2020, 1, 1)),
        spot(ONE, 100, date(2020, 1, 1)),
    ]
    return lake(tmp_path, {"gold/crash_hotspots": rows}, TABLES)


def test_cells_are_summed_over_the_days_asked_for(store: Store) -> None:
    found = rows_of(HOTSPOTS, "map", store, **ASKED)
    assert [tuple(row.values()) for row in found] == [
        (FAR, 4, 4, 0, 0, 1),
        (ONE, 3, 3, 2, 4, 0),
        (TWO, 2, 2, 0, 0, 0),
    ]
    assert note_of(HOTSPOTS, "map", store, **ASKED) == (
        "Coloured by crashes. Not on the map for lack of coordinates: 3 of 12 (25.0%) crashes."
    )


def test_the_measure_chooses_the_colour_and_cells_without_any_are_left_out(store: Store) -> None:
    asked = {**ASKED, "measure": "persons_injured"}
    [row] = rows_of(HOTSPOTS, "map", store, **asked)
    assert (row["h3_cell"], row["measure"], row["crash_count"]) == (ONE, 4, 3)
    killed = {**ASKED, "measure": "persons_killed"}
    assert note_of(HOTSPOTS, "map", store, **killed) == (
        "Coloured by people killed. "
        "Not on the map for lack of coordinates: 3 of 12 (25.0%) crashes, "
        "1 of 2 (50.0%) people killed."
    )


def test_a_coarse_cell_holds_the_cells_inside_it(store: Store) -> None:
    found = rows_of(HOTSPOTS, "map", store, **{**ASKED, "resolution": "8"})
    assert [(row["h3_cell"], row["measure"], row["persons_injured"]) for row in found] == [
        (COARSE, 5, 4),
        (h3.cell_to_parent(FAR, 8), 4, 0),
    ]


def test_only_the_highest_cells_are_drawn_and_the_note_says_so(tmp_path: Path) -> None:
    cells = sorted(h3.grid_disk(FAR, 9))[:250]
    rows = [spot(cell, number) for number, cell in enumerate(cells, start=1)]
    store = lake(tmp_path, {"gold/crash_hotspots": rows}, TABLES)
    found = rows_of(HOTSPOTS, "map", store, **{**ASKED, "cells": "100"})
    assert [row["measure"] for row in found] == list(range(250, 150, -1))
    assert note_of(HOTSPOTS, "map", store, **{**ASKED, "cells": "100"}) == (
        "Coloured by crashes. Not on the map for lack of coordinates: 0 of 31,375 (0.0%) crashes. "
        "Drawn are 100 of 250 hexagons."
    )
    assert len(rows_of(HOTSPOTS, "map", store, **{**ASKED, "cells": "all"})) == 250
    assert len(rows_of(HOTSPOTS, "highest", store, **ASKED)) == 20


def test_the_highest_cells_say_where_they_are_and_how_often_people_are_hurt(
    store: Store,
) -> None:
    found = rows_of(HOTSPOTS, "highest", store, **ASKED)
    assert [(row["rank"], row["h3_cell"]) for row in found] == [(1, FAR), (2, ONE), (3, TWO)]
    assert (found[0]["latitude"], found[0]["longitude"]) == h3.cell_to_latlng(FAR)
    assert [row["injury_share"] for row in found] == [0, 2 / 3, 0]


def test_among_equals_more_crashes_come_first(store: Store) -> None:
    rows = [spot(ONE, 1, persons_killed=1), spot(TWO, 2, persons_killed=1)]
    other = lake(Path(store.location.root) / "other", {"gold/crash_hotspots": rows}, TABLES)
    found = rows_of(HOTSPOTS, "highest", other, **{**ASKED, "measure": "persons_killed"})
    assert [row["h3_cell"] for row in found] == [TWO, ONE]


def test_a_page_without_a_query_shows_crashes_in_coarse_cells(store: Store) -> None:
    asked = asked_by_default(HOTSPOTS, store)
    assert (asked["measure"], asked["resolution"], asked["cells"]) == ("crash_count", "8", "2000")


def test_an_empty_lake_and_days_without_a_place_have_no_cells(tmp_path: Path) -> None:
    for rows in ({}, {"gold/crash_hotspots": [spot("UNLOCATED", 3)]}):
        store = lake(tmp_path / str(len(rows)), rows, TABLES)
        for resolution in ("8", "9"):
            asked = {**ASKED, "resolution": resolution}
            for figure in HOTSPOTS.figures:
                assert rows_of(HOTSPOTS, figure.name, store, **asked) == []
                assert note_of(HOTSPOTS, figure.name, store, **asked) == ""


def test_the_outlines_are_those_that_tell_the_borough_of_a_crash() -> None:
    [folder] = places.__path__
    shipped = (STATIC / "boroughs.json").read_bytes()
    assert shipped == (Path(folder) / "nyc_boroughs.geojson").read_bytes()
    names = [each["properties"]["name"] for each in json.loads(shipped)["features"]]
    assert names == ["Manhattan", "Bronx", "Brooklyn", "Queens", "Staten Island"]
