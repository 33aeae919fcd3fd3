"""The commands that send made-up events to the configured hub, so that there is something to see.

Parsing and printing only; what is made up is in the pipelines, sending in ``streams.simulating``.
"""

import secrets
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer

from crash_platform.commands.loading import say
from crash_platform.errors import PlatformError
from crash_platform.settings import load_settings

if TYPE_CHECKING:
    from crash_platform.streams.log import EventLog
    from crash_platform.streams.simulating import Kind, Rhythm, Wait

INTERVAL, LONGEST_INTERVAL = 10.0, 86_400.0

app = typer.Typer(
    name="simulate",
    help="Send made-up events to the hub, marked as simulated.",
    no_args_is_help=True,
)


class Pace(StrEnum):
    """What decides when the next crash is reported."""

    FIXED = "fixed"
    CITY = "city"


Interval = Annotated[
    float | None,
    typer.Option(help=f"Seconds from one event to the next; default: {INTERVAL:.0f}."),
]
Count = Annotated[int | None, typer.Option(help="Stop after so many events; default: at Ctrl-C.")]
Seed = Annotated[int | None, typer.Option(help="The same seed makes the same choices again.")]
Faults = Annotated[
    float,
    typer.Option(
        help="Share of events, 0 to 1, that are duplicate, corrected, late, out of order or "
        "malformed; the property simulated_fault says which."
    ),
]


class SimulateCommandError(PlatformError):
    """Options that cannot be used, or not together."""


@dataclass(frozen=True)
class Order:
    """How much to send, and with what seed; without one, any."""

    count: int | None
    seed: int | None
    faults: float

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise SimulateCommandError(f"{self.count} events cannot be sent: give 1 or more.")


@app.command()
def crashes(
    interval: Interval = None,
    count: Count = None,
    seed: Seed = None,
    faults: Faults = 0.0,
    pace: Annotated[
        Pace, typer.Option(help="city: as often as New York has crashes at this hour.")
    ] = Pace.FIXED,
) -> None:
    """Report crashes: real ones of the same weekday and hour in 2022, moved to now."""
    from crash_platform.pipelines.reports.simulation import (
        city_wait,
        packaged_year,
        simulated_crashes,
    )

    if pace is Pace.CITY and interval is not None:
        raise SimulateCommandError("--pace city needs no --interval: give one of the two.")
    settings = load_settings()
    fixed = _every(interval)
    year = packaged_year()
    wait = partial(city_wait, year) if pace is Pace.CITY else fixed
    _send_to(settings.crash_hub, simulated_crashes(year), wait, Order(count, seed, faults))


@app.command()
def weather(
    interval: Interval = None,
    count: Count = None,
    seed: Seed = None,
    faults: Faults = 0.0,
    random_past: Annotated[
        bool, typer.Option("--random-past", help="Readings of any moment since July 2012.")
    ] = False,
) -> None:
    """Report the weather of a dozen invented cities, plausible for the season and the hour."""
    from crash_platform.pipelines.weather.simulation import city_pool, simulated_weather

    kind = simulated_weather(city_pool(), is_past=random_past)
    _send_to(load_settings().weather_hub, kind, _every(interval), Order(count, seed, faults))


def simulate(log: "EventLog", hub: str, kind: "Kind", order: Order, rhythm: "Rhythm") -> None:
    """Send events to a log as ordered; say what is sent, and what was."""
    from crash_platform.streams.simulating import Simulation, send

    seed = secrets.randbits(32) if order.seed is None else order.seed
    simulation = Simulation(kind, Random(seed), order.faults)
    end = "Ctrl-C stops" if order.count is None else f"{order.count:,} in all"
    say(f"Sending simulated events to {hub}; seed {seed}; {end}.")
    sent = send(simulation, log, rhythm, say, order.count)
    say(in_words(sent, hub))


def _send_to(hub: str, kind: "Kind", wait: "Wait", order: Order) -> None:
    from crash_platform.streams.opening import open_log
    from crash_platform.streams.simulating import Rhythm

    rhythm = Rhythm(wait, lambda: datetime.now(UTC), time.sleep)
    with closing(open_log(load_settings(), hub, hosting=True)) as log:
        simulate(log, hub, kind, order, rhythm)


def in_words(sent: Counter[str], hub: str) -> str:
    """What was sent, by fault, as one sentence."""
    faults = sorted(fault for fault in sent if fault)
    told = f"Sent {sent.total():,} {'event' if sent.total() == 1 else 'events'} to {hub}"
    if not faults:
        return f"{told}, none with a fault."
    by_fault = ", ".join(f"{sent[fault]:,} {fault}" for fault in faults)
    return f"{told}, {sent.total() - sent['']:,} of them with a fault: {by_fault}."


def _every(interval: float | None) -> "Wait":
    seconds = INTERVAL if interval is None else interval
    if not 0 <= seconds <= LONGEST_INTERVAL:  # nor is it NaN
        raise SimulateCommandError(
            f"The interval is {seconds} s: give seconds from 0 to {LONGEST_INTERVAL:,.0f}."
        )
    return lambda _, __: seconds
