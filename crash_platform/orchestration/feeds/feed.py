"""What a pipeline says of its stream; the rest of the kit makes assets and sensors of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from crash_platform.engine.plan import Engine, Step
from crash_platform.lake.contract import Table
from crash_platform.lake.store import Store
from crash_platform.orchestration.tables import Family, Recipe
from crash_platform.streams.tables import Stream, quarantine_table

Pending = Callable[[Engine, Store], Sequence[date]]


@dataclass(frozen=True)
class Feed:
    """A stream and the tables made from it.

    Attributes:
        stream: its events, hub and bronze.
        silver: one row per event, the newest version; lives in the event's day. Its columns begin
            with ``streams.tables.EVENT``; its refuse rules decide what is quarantined.
        record: the fields of an event that silver's SQL reads, as plain values.
        fields: their names and types.
        steps: SQL from ``events`` (EVENT, ``event_date``, ``enqueued_date``, ``body``, the fields)
            to a step ``typed`` with silver's columns and whatever its rules read.
        family: what all assets of the pipeline share.
        recipes: tables made of silver, day by day.
        behind: more days to make anew than those in which silver is behind bronze.
        watched: other tables that ``behind`` reads.
    """

    stream: Stream
    silver: Table
    record: Callable[[Any], Mapping[str, object]]
    fields: pa.Schema
    steps: Callable[[], Sequence[Step]]
    family: Family
    recipes: tuple[Recipe, ...] = ()
    behind: Pending | None = None
    watched: tuple[Table, ...] = ()

    @property
    def quarantine(self) -> Table:
        """Where events go that break a rule of silver."""
        return quarantine_table(self.silver)

    @property
    def made(self) -> tuple[Table, ...]:
        """Every table below bronze, in the order of making."""
        return (self.silver, self.quarantine, *(recipe.table for recipe in self.recipes))
