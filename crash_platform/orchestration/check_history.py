"""What Dagster remembers of asset checks: newest outcome and history of each.

Reads, never judges.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg


@dataclass(frozen=True)
class Evaluation:
    """One time a check was run."""

    at: datetime
    passed: bool
    is_blocking: bool
    description: str
    window: str
    offending: int | None
    sample: list[dict[str, Any]]


@dataclass(frozen=True)
class CheckHistory:
    """A check and its evaluations, newest first."""

    table: str
    name: str
    promise: str
    evaluations: tuple[Evaluation, ...]

    @property
    def newest(self) -> Evaluation | None:
        """The newest evaluation; ``None`` where the check never ran."""
        return self.evaluations[0] if self.evaluations else None


def histories(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetCheckSpec], limit: int = 20
) -> list[CheckHistory]:
    """The history of every check, in the order given."""
    return [
        CheckHistory(
            "/".join(spec.asset_key.path),
            spec.name,
            spec.description or "",
            tuple(_evaluations(instance, spec, limit)),
        )
        for spec in checks
    ]


def _evaluations(
    instance: dg.DagsterInstance, spec: dg.AssetCheckSpec, limit: int
) -> Iterable[Evaluation]:
    records = instance.event_log_storage.get_asset_check_execution_history(spec.key, limit)
    for record in records:
        entry = record.event
        event = entry.dagster_event if entry else None
        if entry is None or event is None or event.event_type_value != "ASSET_CHECK_EVALUATION":
            continue
        found = event.asset_check_evaluation_data
        metadata: dict[str, Any] = {key: value.value for key, value in found.metadata.items()}
        yield Evaluation(
            datetime.fromtimestamp(entry.timestamp, UTC),
            found.passed,
            found.severity == dg.AssetCheckSeverity.ERROR,
            found.description or "",
            str(metadata.get("window", "")),
            metadata.get("offending_rows"),
            list(metadata.get("sample") or []),
        )
