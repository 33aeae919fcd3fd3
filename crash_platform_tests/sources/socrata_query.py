"""Answers SODA 2.1 queries over rows in memory: the part of the language that a pull needs.

Faithful where a client can go wrong: null keys are left out, values stay strings, a star has to
come first, and without $order a later page repeats a row of the page before and skips another.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt
from typing import Any

Row = Mapping[str, object]

SYSTEM_FIELDS = frozenset({":id", ":created_at", ":updated_at", ":version"})
LARGEST_LIMIT = 50_000
_KNOWN = frozenset({"$select", "$where", "$order", "$limit", "$offset"})
_NAME = r":?@?[A-Za-z_][A-Za-z0-9_]*"
_AGGREGATE = re.compile(rf"(count|max|min)\((\*|{_NAME})\)(?:\s+as\s+([a-z_]+))?", re.IGNORECASE)
_COMPARISON = re.compile(rf"\s*({_NAME})\s*(>=|<=|=|>|<)\s*('(?:[^']|'')*'|-?[\d.]+)\s*")
_AND = re.compile(r"AND\b", re.IGNORECASE)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    ">=": ge, "<=": le, "=": eq, ">": gt, "<": lt,
}  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z?)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


class BadQuery(Exception):  # noqa: N818
    """What the portal answers with status 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Table:
    """Rows, the names of their fields (a field may be null in all rows), and a portal's vice."""

    rows: tuple[Row, ...]
    fields: Collection[str]
    ignores_order: bool = False

    def answer(self, params: Mapping[str, str]) -> list[dict[str, object]]:
        """The rows the query asks for."""
        if unknown := sorted(set(params) - _KNOWN):
            raise BadQuery("query.soql.unrecognized", f"Unrecognized arguments [{unknown[0]}]")
        rows = self._filtered(params.get("$where"))
        items = [item.strip() for item in params.get("$select", "*").split(",")]
        aggregates = [_AGGREGATE.fullmatch(item) for item in items]
        if all(aggregates):
            return [self._aggregated(rows, [match for match in aggregates if match])]
        chosen = self._chosen(items)
        window = self._window(self._ordered(rows, params.get("$order")), params)
        return [{f: row[f] for f in row if f in chosen and row[f] is not None} for row in window]

    def _filtered(self, where: str | None) -> list[Row]:
        rows = list(self.rows)
        for field, operator, literal in _comparisons(where) if where is not None else []:
            self._check(field)
            rows = [row for row in rows if _holds(row.get(field), operator, literal)]
        return rows

    def _aggregated(self, rows: list[Row], matches: list[re.Match[str]]) -> dict[str, object]:
        found: dict[str, object] = {}
        for match in matches:
            function, field, alias = match.group(1).lower(), match.group(2), match.group(3)
            if field == "*":
                found[alias or function] = str(len(rows))
                continue
            self._check(field)
            values = [str(row[field]) for row in rows if row.get(field) is not None]
            if function == "count":
                found[alias or f"count_{field}"] = str(len(values))
            elif values:
                pick = max if function == "max" else min
                found[alias or f"{function}_{field.strip(':')}"] = pick(values, key=_typed)
        return found

    def _chosen(self, items: list[str]) -> frozenset[str]:
        names = items
        chosen: set[str] = set()
        if names[0] == ":*":
            names, chosen = names[1:], chosen | SYSTEM_FIELDS
        if names and names[0] == "*":
            names, chosen = names[1:], chosen | (set(self.fields) - SYSTEM_FIELDS)
        for name in names:
            if name in ("*", ":*"):
                raise BadQuery(
                    "query.compiler.malformed",
                    "Star selections must come at the start of the select-list",
                )
            self._check(name)
        return frozenset(chosen | set(names))

    def _ordered(self, rows: list[Row], order: str | None) -> list[Row]:
        keys = [part.split() for part in (order or "").split(",") if part.strip()]
        for field, *direction in reversed(keys):
            self._check(field)
            is_down = [word.upper() for word in direction] == ["DESC"]
            present = [row for row in rows if row.get(field) is not None]
            absent = [row for row in rows if row.get(field) is None]
            rows = sorted(present, key=_by(field), reverse=is_down) + absent
        return rows

    def _window(self, rows: list[Row], params: Mapping[str, str]) -> list[Row]:
        limit, offset = _whole(params, "$limit", 1000), _whole(params, "$offset", 0)
        if limit > LARGEST_LIMIT:
            raise BadQuery("query.limit", f"Invalid limit: more than {LARGEST_LIMIT}")
        if ("$order" not in params or self.ignores_order) and 0 < offset < len(rows):
            rows[offset - 1], rows[offset] = rows[offset], rows[offset - 1]
        return rows[offset : offset + limit]

    def _check(self, field: str) -> None:
        if field not in self.fields and field not in SYSTEM_FIELDS:
            raise BadQuery("query.soql.no-such-column", f"No such column: {field}")


def _comparisons(where: str) -> list[tuple[str, str, str]]:
    found, at = [], 0
    while match := _COMPARISON.match(where, at):
        found.append((match.group(1), match.group(2), match.group(3)))
        joint = _AND.match(where, match.end())
        if joint is None:
            at = match.end()
            break
        at = joint.end()
    if at != len(where) or not found:
        raise BadQuery("query.compiler.malformed", f"Could not parse SoQL query at position {at}")
    return found


def _holds(value: object, operator: str, literal: str) -> bool:
    if value is None:
        return False
    text = literal[1:-1].replace("''", "'") if literal.startswith("'") else literal
    have, asked = _typed(value), _typed(text)
    if have[0] != asked[0]:
        raise BadQuery("query.soql.type-mismatch", f"Type mismatch for {operator}, is {text}")
    return _OPERATORS[operator](have[1], asked[1])


def _by(field: str) -> Callable[[Row], tuple[int, float | str]]:
    return lambda row: _typed(row[field])


def _typed(value: object) -> tuple[int, float | str]:
    """A rank of the type and a comparable value: number, moment, text."""
    text = str(value)
    if _NUMBER.fullmatch(text):
        return 0, float(text)
    if _MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(text)
        return 1, (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return 2, text


def _whole(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise BadQuery("query.compiler.malformed", f"Invalid {name}: {text}")
    return int(text)
