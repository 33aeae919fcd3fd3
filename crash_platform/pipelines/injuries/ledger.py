"""The ledger of promotions: what a decision is, and how it is written down exactly once.

Nothing is decided here; who decides is in ``promotion``.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Literal

import pyarrow as pa
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Store
from crash_platform.pipelines.injuries.tables import PROMOTIONS

APP_ID = "promotions"
NOBODY = 0
"""The version that stands for no champion at all."""

Action = Literal["promoted", "kept", "rolled_back", "forced"]


@dataclass(frozen=True)
class Decision:
    """A line of ``model/promotions``, column by column."""

    decided_date: date
    feature_set: str
    action: Action
    model_version: int
    challenger_version: int
    previous_version: int | None
    as_of_date: date
    artefact_sha256: str
    reason: str
    gates: str
    decided_by: str
    decided_at: datetime
    number: int

    def is_as(self, other: "Decision") -> bool:
        """Whether both say the same of the same model, whoever decided and when."""
        return self._matter() == other._matter()

    def _matter(self) -> tuple[object, ...]:
        about = (self.feature_set, self.challenger_version, self.as_of_date, self.gates)
        return (*about, self.action, self.model_version, self.artefact_sha256)


def next_number(store: Store) -> int:
    """The number of the next decision; ask for it before anything the decision is made on."""
    return store.last_number(PROMOTIONS, APP_ID) + 1


def ledger(store: Store) -> list[Decision]:
    """Every decision, in order."""
    columns = [column.name for column in PROMOTIONS.columns]
    rows = store.slice(PROMOTIONS).read(columns).to_pylist()
    return sorted((Decision(**row) for row in rows), key=lambda decision: decision.number)


def last_decision(store: Store, feature_set: str) -> Decision | None:
    """The newest decision about the models of a feature set."""
    return next((d for d in reversed(ledger(store)) if d.feature_set == feature_set), None)


def record(store: Store, decision: Decision) -> None:
    """Append a decision under its number, exactly once.

    Whoever comes between asking for the number and this takes it: then decide anew.

    Raises:
        CommitFailedError: another decision has that number.
    """
    frame = Frame.of(pa.Table.from_pylist([asdict(decision)], schema=PROMOTIONS.schema))
    if store.append_once(PROMOTIONS, frame, APP_ID, decision.number) is not None:
        return
    if decision not in ledger(store):
        raise CommitFailedError(f"decision {decision.number} was taken by another one")
