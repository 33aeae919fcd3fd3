from datetime import datetime
from typing import Any

import pytest

from crash_platform_tests.pipelines.crashes.raw_crashes import (
    Row,
    bare,
    bronze_row,
    cells,
    clean,
    raw,
    refused,
)

COUNTS = [
    ("0", 0),
    ("2", 2),
    (" 2 ", 2),
    ("1.0", 1),
    ("-0", 0),
    ("007", 7),
    ("", None),
    ("-1", "refused"),
    ("1.5", "refused"),
    ("abc", "refused"),
    ("1e3", "refused"),
    ("1,000", "refused"),
    ("9999999999999999999", "refused"),
]


@pytest.mark.parametrize("field", ["number_of_persons_injured", "number_of_cyclist_killed"])
def test_counts_are_whole_numbers_missing_or_refused(field: str) -> None:
    rows = [bronze_row(bare(n, **{field: text})) for n, (text, _) in enumerate(COUNTS)]
    column = field.removeprefix("number_of_").replace("cyclist_", "cyclists_")
    made = {row["collision_id"] - 4_700_000: row[column] for row in clean(rows)}
    assert [made.get(n, "refused") for n in range(len(COUNTS))] == [count for _, count in COUNTS]
    assert {row["broken_rules"] for row in refused(rows)} == {"counts_are_whole_numbers"}


def test_times_are_read_strictly_and_unreadable_ones_are_said_to_be() -> None:
    times = {
        "8:05": (8, 5),
        "08:05": (8, 5),
        "0:00": (0, 0),
        " 23:59 ": (23, 59),
        "24:00": None,
        "9:7": None,
        "12:60": None,
        "12:30:00": None,
        "noon": None,
    }
    made = cells(
        [raw(crash_time=text) for text in times] + [raw(crash_time=None)],
        "crashed_at",
        "is_time_unreadable",
    )
    at = [datetime(2024, 3, 5, *t) if t else None for t in times.values()]  # noqa: DTZ001
    assert made == [(moment, moment is None) for moment in at] + [(None, False)]


def test_local_times_that_do_not_exist_or_come_twice_are_kept_and_flagged() -> None:
    moments = {
        ("2024-03-10", "1:59"): (False, False),
        ("2024-03-10", "2:00"): (True, False),
        ("2024-03-10", "2:30"): (True, False),
        ("2024-03-10", "3:00"): (False, False),
        ("2024-03-09", "2:30"): (False, False),
        ("2024-03-17", "2:30"): (False, False),
        ("2015-03-08", "2:30"): (True, False),
        ("2024-11-03", "0:59"): (False, False),
        ("2024-11-03", "1:30"): (False, True),
        ("2024-11-03", "2:00"): (False, False),
        ("2024-11-10", "1:30"): (False, False),
        ("2015-11-01", "1:59"): (False, True),
        ("2024-03-10", "24:00"): (False, False),
    }
    records = [raw(crash_date=day, crash_time=time) for day, time in moments]
    made = cells(records, "is_in_dst_gap", "is_in_dst_fold", "crashed_at")
    assert [flags for *flags, _ in made] == [list(flags) for flags in moments.values()]
    at_gap, at_fold = made[2][2], made[8][2]
    assert at_gap == datetime(2024, 3, 10, 2, 30)  # noqa: DTZ001
    assert at_fold == datetime(2024, 11, 3, 1, 30)  # noqa: DTZ001


def test_coordinates_outside_the_city_are_null_with_the_reason() -> None:
    places: dict[tuple[str | None, str | None], Any] = {
        ("40.758", "-73.9855"): None,
        ("40.7580", " -73.98550 "): None,
        ("0", "0"): "zero",
        ("0.0000", "-73.9"): "zero",
        ("40.758", "-201.23706"): "outside_city",
        ("-73.9855", "40.758"): "outside_city",
        ("40.4499", "-74"): "outside_city",
        ("40.758", None): "missing",
        (None, "-73.9855"): "missing",
        ("", ""): "missing",
        ("40,758", "-73.9855"): "unreadable",
        ("4.0758e1", "-73.9855"): "unreadable",
        ("nan", "nan"): "unreadable",
    }
    made = cells(
        [raw(latitude=y, longitude=x) for y, x in places],
        "coordinates_issue",
        "latitude",
        "longitude",
        "borough_located",
    )
    inside = (None, 40.758, -73.9855, "MANHATTAN")
    assert made == [(issue, None, None, None) if issue else inside for issue in places.values()]


def test_a_place_on_the_edge_of_a_borough_is_found_however_often_and_however_it_is_spelt() -> None:
    made = clean(
        [
            bronze_row(raw(number, latitude=latitude, longitude=longitude))
            for number, (latitude, longitude) in enumerate(
                [("40.7968", "-73.929375")] * 2
                + [(" 40.7968 ", "-73.929375"), ("40.79680", "-73.9293750")],
                start=1,
            )
        ]
    )
    places = [(row["latitude"], row["longitude"], row["borough_located"]) for row in made]
    assert places == [(40.7968, -73.929375, "MANHATTAN")] * 4


def test_boroughs_are_one_of_five_or_missing() -> None:
    boroughs = {
        "BROOKLYN": ("BROOKLYN", False),
        "brooklyn": ("BROOKLYN", False),
        "Brooklyn ": ("BROOKLYN", False),
        "STATEN  ISLAND": ("STATEN ISLAND", False),
        "": (None, False),
        "NEW JERSEY": (None, True),
        ".": (None, True),
    }
    made = cells([raw(borough=text) for text in boroughs], "borough", "is_borough_unknown")
    assert made == list(boroughs.values())


def test_street_names_lose_their_padding() -> None:
    padded = raw(on_street_name="BROADWAY".ljust(32), cross_street_name=" 1\u00a0 EAST  2 STREET ")
    assert cells([padded], "on_street_name", "cross_street_name") == [
        ("BROADWAY", "1\u00a0 EAST 2 STREET")
    ]


def test_vehicles_and_factors_get_the_platforms_words_in_step_with_their_raw_ones() -> None:
    five = raw(
        vehicle_type_code1="  e-bike ",
        vehicle_type_code2=None,
        vehicle_type_code_3="Flying  Carpet",
        vehicle_type_code_4=".",
        vehicle_type_code_5="E BIKE",
        contributing_factor_vehicle_1="80",
        contributing_factor_vehicle_2="Too many carpets",
        contributing_factor_vehicle_3="...",
        contributing_factor_vehicle_4="Illnes",
        contributing_factor_vehicle_5="ILLNESS",
    )
    said_other = raw(vehicle_type_code1="OTHER", vehicle_type_code2=" ")
    names = ("vehicle_types", "vehicle_types_raw", "vehicle_count")
    assert cells([five, said_other], *names) == [
        (["E-bike", "Other", "E-bike"], ["e-bike", "Flying Carpet", "E BIKE"], 3),
        (["Other"], ["OTHER"], 1),
    ]
    assert cells([five], "contributing_factors", "contributing_factors_raw") == [
        (
            ["Unknown code", "Other", "Illness", "Illness"],
            ["80", "Too many carpets", "Illnes", "ILLNESS"],
        )
    ]


def test_totals_are_compared_with_their_kinds_only_as_far_as_they_tell() -> None:
    def counted(persons: str | None, *kinds: str | None) -> Row:
        names = ("pedestrians", "cyclist", "motorist")
        fields = {f"number_of_{k}_injured": n for k, n in zip(names, kinds, strict=True)}
        return raw(number_of_persons_injured=persons, number_of_persons_killed=None, **fields)

    records = {
        "equal": counted("2", "1", "0", "1"),
        "riders of e-bikes": counted("2", "1", "0", "0"),
        "too few": counted("1", "1", "1", "0"),
        "too few whatever the missing kind": counted("1", "1", None, "1"),
        "the missing kind may hold the rest": counted("2", "1", None, "0"),
        "no total": counted(None, "1", "1", "1"),
    }
    made = cells(list(records.values()), "has_total_below_kinds", "has_total_above_kinds")
    assert dict(zip(records, made, strict=True)) == {
        "equal": (False, False),
        "riders of e-bikes": (False, True),
        "too few": (True, False),
        "too few whatever the missing kind": (True, False),
        "the missing kind may hold the rest": (False, False),
        "no total": (False, False),
    }


def test_an_injury_crash_is_told_from_the_totals_or_not_at_all() -> None:
    totals = {
        ("0", "0"): False,
        ("1", "0"): True,
        ("0", "1"): True,
        ("1", None): True,
        (None, "1"): True,
        ("0", None): None,
        (None, "0"): None,
        (None, None): None,
    }
    records = [
        raw(number_of_persons_injured=injured, number_of_persons_killed=killed)
        for injured, killed in totals
    ]
    assert [told for (told,) in cells(records, "is_injury_crash")] == list(totals.values())
