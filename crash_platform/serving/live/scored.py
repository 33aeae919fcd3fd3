"""One scored report as people and programs read it in the live feed. Pure: from a row of the lake.

The words are written once, here: the page shows the same whether it comes with it or later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

TOLD: Final = (
    *("event_id", "event_version", "crash_date", "crash_time", "borough", "latitude", "longitude"),
    *("on_street_name", "vehicle_types", "contributing_factors", "feature_set", "model_version"),
    *("probability", "threshold", "is_predicted_injury", "is_simulated", "source"),
    *("enqueued_at", "scored_at", "latency_ms"),
)
"""The columns that leave the house, as they are called in the lake."""
MOST_VEHICLES: Final = 4


@dataclass(frozen=True, slots=True)
class Scored:
    """A scored report.

    Attributes:
        values: the columns of ``gold/live_predictions``, by name.
    """

    values: Mapping[str, Any]

    @property
    def hub_generation(self) -> int:
        """Which hub of that name."""
        return int(self.values["hub_generation"])

    @property
    def partition_id(self) -> str:
        """Partition of the hub."""
        return str(self.values["partition_id"])

    @property
    def sequence_number(self) -> int:
        """Position in the partition."""
        return int(self.values["sequence_number"])

    @property
    def scored_at(self) -> datetime:
        """When it was scored (UTC)."""
        at: datetime = self.values["scored_at"]
        return at

    def told(self) -> dict[str, Any]:
        """What an event carries: the columns, and under ``shown`` the words of the page."""
        columns = {name: plain(self.values[name]) for name in TOLD}
        return {**columns, "shown": shown(self.values)}


def plain(value: Any) -> Any:
    """A value as JSON has it; moments in UTC with a ``Z``."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value.isoformat() if hasattr(value, "isoformat") else value


def shown(row: Mapping[str, Any]) -> dict[str, str]:
    """A scored report in the words of the page."""
    return {
        "came": f"{row['enqueued_at']:%Y-%m-%d %H:%M:%S} UTC",
        "crash": crash(row),
        "place": place(row),
        "street": row["on_street_name"] or "",
        "vehicles": vehicles(row["vehicle_types"]),
        "probability": percent(row["probability"]),
        "verdict": "injury predicted" if row["is_predicted_injury"] else "no injury predicted",
        "model": f"version {row['model_version']}",
        "latency": duration(row["latency_ms"]),
    }


def crash(row: Mapping[str, Any]) -> str:
    """When the crash was, in New York."""
    at = "" if row["crash_time"] is None else f" {row['crash_time'].zfill(5)}"
    return f"{row['crash_date'].isoformat()}{at}"


def place(row: Mapping[str, Any]) -> str:
    """Where the crash was, as far as was told."""
    if row["borough"] is not None:
        return str(row["borough"]).title()
    return "borough not told" if row["latitude"] is None else "borough not told, point given"


def vehicles(types: list[str] | None) -> str:
    """The vehicles, the first few by name."""
    named = types or []
    if not named:
        return "vehicles not told"
    more = len(named) - MOST_VEHICLES
    return ", ".join(named[:MOST_VEHICLES]) + (f" and {more} more" if more > 0 else "")


def percent(share: float) -> str:
    """A share (0-1) in whole percent; never quite none and never quite all."""
    if 0 < share < 0.01:  # noqa: PLR2004
        return "< 1 %"
    if 0.99 < share < 1:  # noqa: PLR2004
        return "> 99 %"
    return f"{100 * share:.0f} %"


def duration(milliseconds: float) -> str:
    """A duration with a unit that suits it."""
    units = ((1_000, 1, "ms"), (60_000, 1_000, "s"), (3_600_000, 60_000, "min"))
    for below, unit, name in units:
        if abs(milliseconds) < below:
            digits = 0 if unit == 1 else 1
            return f"{milliseconds / unit:.{digits}f} {name}"
    return f"{milliseconds / 3_600_000:,.1f} h"
