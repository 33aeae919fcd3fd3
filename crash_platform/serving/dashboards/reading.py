"""What a dashboard's tables say to somebody's question: its offers, what is asked, its rows.

Nothing of pages or files.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from crash_platform.lake.contract import Table
from crash_platform.lake.store import Store
from crash_platform.pipelines.views import connect
from crash_platform.serving.dashboards.figure import Asked, Control, Dashboard, Figure
from crash_platform.serving.dashboards.query import Offer, parse
from crash_platform.serving.dashboards.remembering import Memory

if TYPE_CHECKING:
    import duckdb

Versions = Mapping[str, int | None]
"""The Delta version of every table by its path; None where it was never written."""


@dataclass(frozen=True)
class Answer:
    """What a dashboard says.

    Attributes:
        offers: its controls with what can be chosen.
        asked: the values of the controls.
        rows: of its figures by name; None where none of a figure's tables was ever written.
        below: the values of its template below.
    """

    offers: tuple[Offer, ...]
    asked: Asked
    rows: Mapping[str, pa.Table | None]
    below: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Session:
    """A DuckDB session over some tables, opened only if something is read."""

    store: Store
    tables: tuple[Table, ...]
    _opened: "duckdb.DuckDBPyConnection | None" = None

    @property
    def connection(self) -> "duckdb.DuckDBPyConnection":
        """The session itself."""
        if self._opened is None:
            self._opened = connect(self.store, self.tables)
        return self._opened

    def __enter__(self) -> "Session":
        """Nothing is opened yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close it."""
        if self._opened is not None:
            self._opened.close()


@dataclass(frozen=True)
class Reader:
    """Reads dashboards from one lake.

    Attributes:
        store: the lake.
        memory: answers of a moment ago; they hold as long as the tables have the same versions.
    """

    store: Store
    memory: Memory

    def read(self, dashboard: Dashboard, query: str, figures: Iterable[Figure]) -> Answer:
        """What some figures of a dashboard say.

        Args:
            dashboard: whose tables and controls they are.
            query: of the address, as it came.
            figures: which are read.

        Raises:
            ControlsError: the query cannot be used.
            PlatformError: the tables cannot be read.
        """
        tables = tables_of(dashboard)
        versions = {table.path: self.store.version(table) for table in tables}
        state = (dashboard.path, *versions.values())
        with Session(self.store, tables) as session:
            offers = tuple(
                self.memory.get((state, "offer", control.name), partial(_offer, session, control))
                for control in dashboard.controls
            )
            asked = parse(query, offers)
            rows = {
                figure.name: self._rows(session, state, figure, asked)
                if is_written(figure, versions)
                else None
                for figure in figures
            }
            below = self._below(session, state, dashboard, asked)
        return Answer(offers, asked, rows, below)

    def _below(
        self, session: Session, state: Hashable, dashboard: Dashboard, asked: Asked
    ) -> Mapping[str, Any]:
        if not dashboard.below:
            return {}
        return self.memory.get(
            (state, "below", _frozen(asked)),
            lambda: dashboard.below_values(session.connection, asked),
        )

    def _rows(self, session: Session, state: Hashable, figure: Figure, asked: Asked) -> pa.Table:
        if not figure.is_kept:
            return figure.rows(session.connection, asked)
        return self.memory.get(
            (state, "rows", figure.name, _frozen(asked)),
            lambda: figure.rows(session.connection, asked),
        )


def tables_of(dashboard: Dashboard) -> tuple[Table, ...]:
    """The tables of a dashboard and of its controls, each once."""
    added = (table for control in dashboard.controls for table in control.tables)
    return tuple({table.path: table for table in (*dashboard.tables, *added)}.values())


def is_written(figure: Figure, versions: Versions) -> bool:
    """Whether any of the tables that a figure names was ever written; one that names none is."""
    known = [versions[table.path] for table in figure.sources if table.path in versions]
    return not known or any(version is not None for version in known)


def _offer(session: Session, control: Control) -> Offer:
    connection = session.connection
    options = tuple(control.options(connection))
    default: Any = options[0][0] if options and control.kind == "choice" else ""
    if control.default is not None:
        default = control.default(connection)
    return Offer(control, options, default, control.bounds(connection))


def _frozen(asked: Asked) -> Hashable:
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value) for name, value in asked.items()
    )
