"""What a reader's filter means, from the client's own selector on."""

from datetime import UTC, datetime

import pytest
from azure.eventhub._utils import event_position_selector

from crash_platform.streams.hub.positions import (
    OLDEST,
    Kind,
    SelectorError,
    Start,
    beyond_the_end,
    selected,
)
from crash_platform.streams.hub.values import Described, Symbol, ULong

NAME = Symbol("apache.org:selector-filter:string")


def source(text: object) -> Described:
    fields: list[object] = ["hub/ConsumerGroups/g/Partitions/0"] + [None] * 10
    fields[7] = {NAME: Described(NAME, text)}
    return Described(ULong(0x28), fields)


@pytest.mark.parametrize(
    ("wanted", "inclusive", "meant"),
    [
        ("-1", False, OLDEST),
        ("-1", True, Start(Kind.OFFSET, -1, inclusive=True)),
        ("@latest", False, Start(Kind.OFFSET, None, inclusive=False)),
        ("@latest", True, Start(Kind.OFFSET, None, inclusive=False)),
        ("4096", False, Start(Kind.OFFSET, 4096, inclusive=False)),
        (17, False, Start(Kind.SEQUENCE, 17, inclusive=False)),
        (17, True, Start(Kind.SEQUENCE, 17, inclusive=True)),
        (
            datetime(2026, 11, 20, tzinfo=UTC),
            False,
            Start(Kind.TIME, 1_795_132_800_000, inclusive=False),
        ),
    ],
)
def test_the_clients_positions_are_understood(
    wanted: str | int | datetime, inclusive: bool, meant: Start
) -> None:
    text = event_position_selector(wanted, inclusive)

    assert selected(source(text.decode())) == meant
    assert selected(source(text)) == meant


NO_FILTER = Described(ULong(0x28), ["hub"] + [None] * 6 + [{}, None, None, None])


@pytest.mark.parametrize("empty", [None, [], Described(ULong(0x28), ["hub"]), NO_FILTER])
def test_without_a_filter_reading_begins_with_the_oldest(empty: object) -> None:
    assert selected(empty) == OLDEST


@pytest.mark.parametrize(
    "text",
    ["", "color = 'red'", "amqp.annotation.x-opt-offset > 'abc'", 7,
     "amqp.annotation.x-opt-publisher > '1'", "amqp.annotation.x-opt-sequence-number > '@latest'"],
)  # fmt: skip
def test_another_filter_is_refused(text: object) -> None:
    with pytest.raises(SelectorError):
        selected(source(text))


@pytest.mark.parametrize(
    ("start", "refused"),
    [
        (Start(Kind.SEQUENCE, 482, inclusive=False), False),
        (Start(Kind.SEQUENCE, 483, inclusive=False), True),
        (Start(Kind.OFFSET, 9_000, inclusive=False), False),
        (Start(Kind.OFFSET, 9_001, inclusive=False), True),
        (Start(Kind.OFFSET, None, inclusive=False), False),
        (Start(Kind.TIME, 10**15, inclusive=False), False),
        (OLDEST, False),
    ],
)
def test_a_position_after_the_last_event_is_refused_as_the_service_does(
    start: Start, refused: bool
) -> None:
    told = beyond_the_end(start, 482, "9000")

    assert (told is not None) == refused
    assert told is None or told.condition == "com.microsoft:argument-out-of-range"


def test_the_refusal_says_both_numbers() -> None:
    told = beyond_the_end(Start(Kind.SEQUENCE, 488, inclusive=False), 482, "9000")

    assert told is not None
    assert told.description == (
        "The supplied sequence number '488' is invalid. "
        "The last sequence number in the system is '482'"
    )
