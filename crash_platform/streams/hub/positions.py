"""Where a reader begins: the selector it sends, and what that means in a partition."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from crash_platform.streams.hub.values import Described

_SELECTOR = re.compile(r"\s*amqp\.annotation\.(x-opt-[a-z-]+)\s*(>=|>)\s*'?([^']*)'?\s*", re.ASCII)
_FILTER_FIELD = 7


class Kind(Enum):
    """What a position is measured by."""

    OFFSET = "x-opt-offset"
    SEQUENCE = "x-opt-sequence-number"
    TIME = "x-opt-enqueued-time"


@dataclass(frozen=True)
class Start:
    """Behind a position, or at it where ``inclusive``.

    Attributes:
        kind: what ``value`` is: a byte offset, a sequence number, or milliseconds since 1970.
        value: None is the end of the partition as it is now; -1 lies before everything.
    """

    kind: Kind
    value: int | None
    inclusive: bool


class SelectorError(ValueError):
    """A selector that means no position."""


OLDEST = Start(Kind.OFFSET, -1, inclusive=False)


def selected(source: object) -> Start:
    """The position that a reader's source asks for; the oldest event where it asks for none.

    Raises:
        SelectorError: the filter is not one of positions.
    """
    match source:
        case Described(_, [*fields]) if len(fields) > _FILTER_FIELD:
            filters = fields[_FILTER_FIELD]
            if not isinstance(filters, dict) or not filters:
                return OLDEST
            return _position(next(iter(filters.values())))
    return OLDEST


def _position(condition: object) -> Start:
    text = condition.value if isinstance(condition, Described) else condition
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    matched = _SELECTOR.fullmatch(text) if isinstance(text, str) else None
    if matched is None or matched[1] not in {kind.value for kind in Kind}:
        raise SelectorError(f"the filter {str(text)[:80]!r} is not a position in a partition")
    kind = Kind(matched[1])
    if kind is Kind.OFFSET and matched[3] == "@latest":
        return Start(kind, None, inclusive=False)
    try:
        return Start(kind, int(matched[3]), inclusive=matched[2] == ">=")
    except ValueError:
        raise SelectorError(f"{matched[3][:40]!r} is no value of {kind.value}") from None


class Refusal(NamedTuple):
    """Why a link is not let in: a condition of the protocol, and a sentence."""

    condition: str
    description: str


def beyond_the_end(start: Start, last_sequence: int, last_offset: str) -> Refusal | None:
    """The service's objection to a position after the last event, as when a hub was made anew."""
    if start.value is None or start.kind is Kind.TIME:
        return None
    if start.kind is Kind.SEQUENCE and start.value > last_sequence:
        what, last = "sequence number", str(last_sequence)
    elif start.kind is Kind.OFFSET and start.value > int(last_offset):
        what, last = "offset", last_offset
    else:
        return None
    description = (
        f"The supplied {what} '{start.value}' is invalid. The last {what} in the system is '{last}'"
    )
    return Refusal("com.microsoft:argument-out-of-range", description)
