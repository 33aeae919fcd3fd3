"""A feed as small as feeds can be: parcels with a day and a weight, and how heavy a day's are."""

import json
from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any, Literal

import pyarrow as pa

from crash_platform.engine.plan import Step
from crash_platform.lake.contract import Column, Rule, Table
from crash_platform.orchestration.feeds.feed import Feed
from crash_platform.orchestration.feeds.recomputed import stale_days
from crash_platform.orchestration.tables import Family, Recipe
from crash_platform.streams.event import EventContract, EventModel
from crash_platform.streams.tables import DAY, EVENT, WHOLE, Stream, event_table

DAY_1, DAY_2, DAY_3, DAY_9 = (date(2024, 3, number) for number in (1, 2, 3, 9))


class Parcel(EventModel):
    """A parcel of some grams."""

    event_schema: Literal["parcel"] = "parcel"
    schema_version: Literal[1] = 1
    day: str
    weight: int

    @property
    def event_date(self) -> date:
        return date.fromisoformat(self.day)


PARCELS = Table(
    layer="silver",
    name="parcels",
    description="Parcels.",
    columns=(
        *EVENT,
        Column("sent_date", DAY, "Day.", False),
        Column("weight", WHOLE, "Grams.", False),
    ),
    key=("event_id",),
    day_column="sent_date",
    rules=(Rule("it_weighs_something", "weight > 0", "refuse", "Nothing weighs nothing."),),
)
DAILY_PARCELS = Table(
    layer="gold",
    name="daily_parcels",
    description="Parcels by day.",
    columns=(
        Column("sent_date", DAY, "Day.", False),
        Column("parcel_count", WHOLE, "Parcels.", False),
        Column("weight", WHOLE, "Grams.", False),
    ),
    key=("sent_date",),
    day_column="sent_date",
)
TYPED = (
    "SELECT event_id, event_version, source, is_simulated, enqueued_at, hub_generation, "
    "partition_id, sequence_number, event_date AS sent_date, weight FROM events"
)
DAILY = (
    "SELECT sent_date, count(*) AS parcel_count, CAST(sum(weight) AS BIGINT) AS weight "
    "FROM parcels GROUP BY sent_date"
)
RECIPE = Recipe(DAILY_PARCELS, (PARCELS,), lambda: (Step("daily", DAILY),), days_from=None)
STREAM = Stream(
    "parcels",
    lambda settings: settings.weather_hub,
    EventContract("parcel", {1: Parcel}),
    event_table("parcels", "parcels"),
)


def _record(parcel: Parcel) -> Mapping[str, object]:
    return {"weight": parcel.weight}


FEED = Feed(
    stream=STREAM,
    silver=PARCELS,
    record=_record,
    fields=pa.schema({"weight": pa.int64()}),
    steps=lambda: (Step("typed", TYPED),),
    family=Family("parcels", ("team:parcels",)),
    recipes=(RECIPE,),
    behind=partial(stale_days, (RECIPE,)),
)


def parcel(name: str, day: date = DAY_1, weight: int = 100, version: int = 1) -> bytes:
    """What is sent of a parcel."""
    return body("parcel", event_id=name, event_version=version, day=day.isoformat(), weight=weight)


def body(schema: str, **fields: Any) -> bytes:
    """An event of the first version of a schema."""
    return json.dumps({"event_schema": schema, "schema_version": 1, **fields}).encode()
