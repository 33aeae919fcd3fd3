"""The data dictionary, written from the contracts (run as a module, or `make docs`).

It prints Markdown; ``docs/data-dictionary.md`` is its output, and a test keeps it so.
"""

from collections.abc import Iterator

from crash_platform.lake.contract import Table
from crash_platform.orchestration.promises import Promise
from crash_platform.pipelines.catalogue import promises
from crash_platform.pipelines.tables import TABLES


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "Written from the contracts by `make docs`; do not edit. Days are New York days, `_at` is"
    yield "UTC unless a column says otherwise, and a missing value is null, never 0."
    yield ""
    for table in TABLES:
        yield f"- [`{table.path}`](#{table.layer}{table.name}): {table.description}"
    for table in TABLES:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield ""
    yield f"## {table.layer}/{table.name}"
    yield ""
    yield f"{table.description} Key: {', '.join(f'`{name}`' for name in table.key)}. Stored by "
    yield f"{table.folder} (`{table.folder_column}`) of `{table.day_column}`."
    yield ""
    yield "| column | type | null | meaning |"
    yield "|---|---|---|---|"
    for column in table.columns:
        nullable = "yes" if column.is_nullable else "no"
        yield f"| `{column.name}` | {column.type} | {nullable} | {column.description} |"
    yield from _rules(table)
    yield from _promises([promise for promise in promises() if promise.table == table])


def _rules(table: Table) -> Iterator[str]:
    if not table.rules:
        return
    yield ""
    yield "Rules every record is held to (`refuse`: to quarantine; `flag`: kept and marked):"
    yield ""
    yield "| rule | if broken | meaning | expression |"
    yield "|---|---|---|---|"
    for rule in table.rules:
        expression = rule.expression.replace("|", "\\|")
        yield f"| `{rule.name}` | {rule.severity} | {rule.description} | `{expression}` |"


def _promises(kept: list[Promise]) -> Iterator[str]:
    if not kept:
        return
    yield ""
    yield "Checked after every run:"
    yield ""
    for promise in kept:
        effect = "stops the run" if promise.is_blocking else "warns"
        yield f"- `{promise.name}` ({effect}): {promise.description}"


if __name__ == "__main__":
    print(dictionary(), end="")
