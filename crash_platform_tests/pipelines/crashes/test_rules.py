import re
from dataclasses import dataclass

import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Step
from crash_platform.lake.contract import Rule, broken_rules
from crash_platform.pipelines.crashes.recipes import judged
from crash_platform.pipelines.crashes.rules import RULES
from crash_platform.pipelines.crashes.tables import CRASHES
from crash_platform_tests.pipelines.crashes.raw_crashes import (
    Row,
    bare,
    bronze,
    bronze_row,
    clean,
    raw,
    rows_of,
)


@dataclass(frozen=True)
class Case:
    """Records that keep a rule, and records that break this rule and no other."""

    kept: tuple[Row, ...]
    broken: tuple[Row, ...]


CASES = {
    "collision_id_is_a_number": Case(
        (raw(collision_id="4700001"), raw(collision_id="1")),
        (
            raw(collision_id=None),
            raw(collision_id="0"),
            raw(collision_id="-4"),
            raw(collision_id="A12"),
            raw(collision_id="0012"),
            raw(collision_id="1.5"),
            raw(collision_id="9" * 19),
        ),
    ),
    "crash_date_is_a_day": Case(
        (
            raw(crash_date="2024-03-05"),
            raw(crash_date="2024-03-05T00:00:00.000"),
            raw(crash_date="03/05/2024"),
            raw(crash_date="02/29/2024"),
        ),
        (
            raw(crash_date=None),
            raw(crash_date="2024-02-30"),
            raw(crash_date="30/12/2023"),
            raw(crash_date="2023-2-1"),
            raw(crash_date="45356"),
        ),
    ),
    "crash_date_is_in_the_calendar": Case(
        (raw(crash_date="2012-07-01"),),
        (raw(crash_date="2012-06-30"), raw(crash_date="06/30/2012"), raw(crash_date="1900-01-01")),
    ),
    "crash_date_is_not_in_the_future": Case(
        (raw(crash_date="2024-12-01"),),
        (raw(crash_date="2024-12-02"), raw(crash_date="9999-12-31")),
    ),
    "counts_are_whole_numbers": Case(
        (bare(), bare(number_of_motorist_killed="3.0"), raw(number_of_motorist_killed=" ")),
        (
            bare(number_of_persons_injured="1 person"),
            bare(number_of_persons_killed="one"),
            bare(number_of_pedestrians_injured="-1"),
            bare(number_of_pedestrians_killed="NaN"),
            bare(number_of_cyclist_injured="0.5"),
            bare(number_of_cyclist_killed="-2.0"),
            bare(number_of_motorist_injured="+1"),
            bare(number_of_motorist_killed="0x1"),
        ),
    ),
    "borough_is_known": Case(
        (raw(borough="Brooklyn "), raw(borough=None), raw(borough="")),
        (raw(borough="NASSAU"), raw(borough="3")),
    ),
    "time_is_readable": Case(
        (raw(crash_time="0:00"), raw(crash_time=None)),
        (raw(crash_time="24:00"), raw(crash_time="9:7")),
    ),
    "coordinates_are_in_the_city": Case(
        (raw(), raw(latitude=None)),
        (raw(latitude="0", longitude="0"), raw(longitude="-201.23706"), raw(latitude="x")),
    ),
    "total_is_at_least_its_kinds": Case(
        (raw(number_of_persons_injured="5"), raw(number_of_persons_injured=None)),
        (raw(number_of_persons_injured="0"), raw(number_of_motorist_killed="1")),
    ),
    "time_exists_once": Case(
        (raw(crash_date="2024-03-10", crash_time="3:00"),),
        (
            raw(crash_date="2024-03-10", crash_time="2:30"),
            raw(crash_date="2024-11-03", crash_time="1:30"),
        ),
    ),
}


def broken_by(records: tuple[Row, ...]) -> list[set[str]]:
    """The rules that each record breaks, in order; those that refuse and those that flag."""
    rows = [bronze_row(record, filed_date=None, landing=n) for n, record in enumerate(records)]
    flags = ", ".join(
        f"CASE WHEN ({rule.expression}) THEN NULL ELSE '{rule.name}' END"
        for rule in RULES
        if rule.severity == "flag"
    )
    told = Step("told", f"SELECT landing, broken_rules, concat_ws(',', {flags}) AS f FROM judged")
    made = DuckDBEngine().stream({"crash_records": bronze(rows)}, [*judged(), told]).read_all()
    ordered = sorted(made.to_pylist(), key=lambda row: int(row["landing"]))
    return [set(filter(None, f"{row['broken_rules']},{row['f']}".split(","))) for row in ordered]


def test_every_rule_has_cases() -> None:
    assert set(CASES) == {rule.name for rule in RULES}
    assert len(RULES) == len({rule.name for rule in RULES})


@pytest.mark.parametrize("name", CASES)
def test_a_record_keeps_a_rule_or_breaks_it_alone(name: str) -> None:
    case = CASES[name]
    assert broken_by(case.kept) == [set()] * len(case.kept)
    assert broken_by(case.broken) == [{name}] * len(case.broken)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.severity == "flag"])
def test_a_flag_rule_is_told_by_the_columns_of_silver(rule: Rule) -> None:
    case = CASES[rule.name]
    records = [
        {**record, "collision_id": str(number)}
        for number, record in enumerate((*case.kept, *case.broken), start=1)
    ]
    silver = rows_of(CRASHES, clean([bronze_row(record) for record in records]))
    told = Step("told", f"SELECT collision_id FROM silver WHERE ({rule.expression})")
    kept = DuckDBEngine().stream({"silver": silver}, [told]).read_all()["collision_id"]
    assert sorted(kept.to_pylist()) == list(range(1, len(case.kept) + 1))
    assert silver.num_rows == len(records)


def test_all_broken_rules_are_named_in_their_order() -> None:
    refusing = [rule.name for rule in RULES if rule.severity == "refuse"]
    everything = raw(collision_id="x", crash_date="never", number_of_persons_killed="?")
    [broken] = broken_by((everything,))
    assert broken & set(refusing) == {refusing[0], refusing[1], refusing[4]}


def test_an_expression_that_comes_out_as_null_counts_as_broken() -> None:
    rules = (
        Rule("x_is_one", "x = 1", "refuse", "X is one."),
        Rule("x_is_small", "x < 10", "refuse", "X is small."),
        Rule("x_is_odd", "x % 2 = 1", "flag", "X is odd."),
    )
    numbers = "SELECT * FROM (VALUES (1, 1), (2, 2), (3, 20), (4, NULL)) AS given(n, x)"
    steps = [Step("numbers", numbers), Step("told", broken_rules(rules, "numbers"))]
    told = DuckDBEngine().stream({}, steps, ["n", "broken_rules"]).read_all().to_pylist()
    assert {row["n"]: row["broken_rules"] for row in told} == {
        1: "",
        2: "x_is_one",
        3: "x_is_one,x_is_small",
        4: "x_is_one,x_is_small",
    }


def test_a_rule_says_in_a_sentence_what_it_asks() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9_]+", rule.name)
        assert rule.description.endswith(".")
