"""What a table is: its columns, key, day column, rules and folders. No reading or writing here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pyarrow as pa

LONGEST_RETENTION_DAYS = 30
"""How long the Delta log of a table remembers versions."""
Severity = Literal["refuse", "flag"]
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Column:
    """One column: its Arrow type, and one sentence that says what it means and in which unit."""

    name: str
    type: pa.DataType
    description: str
    is_nullable: bool = True


@dataclass(frozen=True)
class Rule:
    """A promise about one record, as a SQL expression that is true where the record keeps it.

    A record that breaks a ``refuse`` rule goes to quarantine with the names of all such rules it
    broke; a ``flag`` rule only marks it. An expression that comes out as null counts as broken.
    """

    name: str
    expression: str
    severity: Severity
    description: str


def broken_rules(rules: Iterable[Rule], source: str) -> str:
    """A SQL text that adds ``broken_rules``: the refuse rules each row of ``source`` breaks."""
    cases = ", ".join(
        f"CASE WHEN ({rule.expression}) THEN NULL ELSE '{rule.name}' END"
        for rule in rules
        if rule.severity == "refuse"
    )
    return f"SELECT *, concat_ws(',', {cases}) AS broken_rules FROM {source}"


@dataclass(frozen=True)
class Window:
    """A run of whole days, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a window ends before it starts: {self.first} .. {self.last}")

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"


@dataclass(frozen=True)
class Table:
    """The contract of one table. ``layer/name`` is its asset key and its path in the lake.

    Raises:
        ValueError: the contract contradicts itself, e.g. its key names a column it does not have.
    """

    layer: str
    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    day_column: str
    folder: Literal["month", "year"] = "month"
    rules: tuple[Rule, ...] = ()
    filtered: tuple[str, ...] = ()
    """Columns other than the day that readers filter on: they get statistics in the Delta log."""
    log_hours: int = 24 * LONGEST_RETENTION_DAYS
    """How long the Delta log remembers versions: short where commits come by the second."""
    forgotten: tuple[str, ...] = ()
    """Nullable columns that maintenance empties once their row is old: what might be personal."""
    forgotten_after_days: int = 0
    """So many days after the row's day."""

    def __post_init__(self) -> None:
        # Names go into SQL and into paths as they are, so they hold nothing that needs quoting.
        names = [column.name for column in self.columns]
        odd = [n for n in (self.layer, self.name, *names) if not NAME.fullmatch(n)]
        repeated = sorted({n for n in names if names.count(n) > 1})
        told = (*self.key, self.day_column, *self.filtered, *self.forgotten)
        absent = [n for n in told if n not in names]
        if odd or repeated or absent:
            raise ValueError(
                f"{self.path}: odd {odd}, repeated {repeated} or absent names {absent}"
            )
        day = self.column(self.day_column)
        if day.type != pa.date32() or day.is_nullable:
            raise ValueError(f"{self.path}: the day column {day.name} must be a date, never null")
        if self.folder_column in names:
            raise ValueError(f"{self.path}: {self.folder_column} is the name of its folders")
        if not all(self.column(name).is_nullable for name in self.forgotten):
            raise ValueError(f"{self.path}: a column that is never null cannot be forgotten")

    @property
    def path(self) -> str:
        """Path below the lake's root, which is also the asset key."""
        return f"{self.layer}/{self.name}"

    @property
    def schema(self) -> pa.Schema:
        """The logical schema: what a reader of the table works with."""
        return pa.schema([pa.field(c.name, c.type, c.is_nullable) for c in self.columns])

    @property
    def folder_column(self) -> str:
        """The physical partition column, named after the day: ``crash_date`` -> ``crash_month``."""
        return f"{self.day_column.removesuffix('_date')}_{self.folder}"

    def folder_of(self, day: date) -> str:
        """The folder that holds a day: ``2022-01`` or ``2022``."""
        return day.isoformat()[: self.folder_digits]

    @property
    def folder_digits(self) -> int:
        """How much of a day's ISO text names its folder."""
        return len("2022-01") if self.folder == "month" else len("2022")

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)
