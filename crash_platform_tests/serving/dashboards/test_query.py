"""From the query of an address to what is asked: every query gives one or the other."""

from datetime import date
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.serving.dashboards.figure import Control
from crash_platform.serving.dashboards.query import ControlsError, Offer, parse, unparse

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
OFFERS = (
    Offer(Control("first_day", "First day", "day"), (), FIRST, (FIRST, LAST)),
    Offer(Control("last_day", "Last day", "day"), (), LAST, (FIRST, LAST)),
    Offer(Control("per", "Per", "choice"), (("day", "Day"), ("month", "Month")), "month"),
    Offer(Control("boroughs", "Boroughs", "choices"), (("BRONX", "Bronx"), ("QUEENS", "Q")), ""),
)
DEFAULTS = {"first_day": FIRST, "last_day": LAST, "per": "month", "boroughs": []}


def problem(query: str) -> str:
    with pytest.raises(ControlsError) as raised:
        parse(query, OFFERS)
    assert raised.value.status == 422
    return raised.value.message


def test_what_the_query_does_not_say_is_as_usual() -> None:
    assert parse("", OFFERS) == DEFAULTS


def test_what_is_no_filter_is_ignored() -> None:
    assert parse("utm_source=x&per=day&%00=%ff", OFFERS) == {**DEFAULTS, "per": "day"}


def test_a_day_that_a_form_left_empty_is_as_usual() -> None:
    assert parse("first_day=&last_day=2024-02-03", OFFERS) == {
        **DEFAULTS,
        "last_day": date(2024, 2, 3),
    }


def test_choices_come_in_the_order_of_the_options_and_once() -> None:
    asked = parse("boroughs=QUEENS&boroughs=BRONX&boroughs=QUEENS", OFFERS)
    assert asked["boroughs"] == ["BRONX", "QUEENS"]


def test_an_option_may_be_the_empty_text() -> None:
    offer = Offer(Control("kind", "Kind", "choice"), (("a", "A"), ("", "All")), "a")
    assert parse("kind=", [offer]) == {"kind": ""}


@pytest.mark.parametrize(
    "day",
    [
        "2024-02-30",
        "20240101",
        "2024-W01-1",
        "2024-1-1",
        "yesterday",
        "1899-12-31",
        "2200-01-01",
        "٢٠٢٤-٠١-٠١",  # noqa: RUF001
        "2024-01-01'",
        "2024-01-01 ",
    ],
)
def test_what_is_no_day_is_refused_in_one_sentence(day: str) -> None:
    message = problem(urlencode({"first_day": day}))
    assert message == "First day is no day: write it like 2024-01-31, 1900 or later."


def test_days_in_the_wrong_order_are_refused() -> None:
    assert problem("first_day=2024-03-02&last_day=2024-03-01") == (
        "The first day, 2024-03-02, comes after the last one, 2024-03-01: exchange them."
    )


@pytest.mark.parametrize("query", ["per=century", "boroughs=BRONX&boroughs=' OR 1=1 --"])
def test_what_is_not_offered_is_refused_and_not_repeated(query: str) -> None:
    message = problem(query)
    assert "a value that is not offered" in message
    assert not {"century", "OR"} & set(message.split())


def test_two_values_for_one_choice_are_refused() -> None:
    assert problem("per=day&per=month") == "Per is given more than once: choose one."


@pytest.mark.parametrize("query", ["x=" + "1" * 4_000, "&".join(["boroughs=BRONX"] * 201)])
def test_an_address_that_says_too_much_is_refused(query: str) -> None:
    assert problem(query).startswith("The address ")


NAMES = st.sampled_from([offer.control.name for offer in OFFERS]) | st.text(max_size=5)
VALUES = (
    st.text(max_size=12)
    | st.dates().map(str)
    | st.sampled_from(["BRONX", "day", "month", "", "%", "\x00", "9999-99-99"])
)
TOLD = st.lists(st.tuples(NAMES, VALUES), max_size=6).map(urlencode)


@given(st.text(max_size=80) | TOLD)
def test_any_query_is_asked_or_refused(query: str) -> None:
    try:
        asked = parse(query, OFFERS)
    except ControlsError as error:
        said = error.message
    else:
        said = ""
        assert asked["first_day"] <= asked["last_day"]
        assert asked["per"] in ("day", "month")
        assert set(asked["boroughs"]) <= {"BRONX", "QUEENS"}
        assert parse(unparse(asked), OFFERS) == asked
    assert said == "" or (said.endswith(".") and said.isprintable())
