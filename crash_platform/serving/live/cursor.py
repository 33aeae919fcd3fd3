"""How far somebody has read the live feed: a position in every partition of the hub. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote, unquote

LONGEST: Final = 8_192
"""Characters of a cursor; one of 32 partitions needs about 500."""
_TEXT: Final = re.compile(r"([0-9]{1,19}):([A-Za-z0-9_.~%-]+=[0-9]{1,19}(?:,[^,]+=[0-9]{1,19})*)?")


class Placed(Protocol):
    """What has a place in the hub."""

    @property
    def hub_generation(self) -> int:
        """Which hub of that name."""

    @property
    def partition_id(self) -> str:
        """Partition of the hub."""

    @property
    def sequence_number(self) -> int:
        """Position in the partition."""


@dataclass(frozen=True)
class Cursor:
    """The last position that was read in each partition of one hub.

    As text, ``7:0=12,1=40``, it is the id of an event; reading goes on behind it in any process.

    Attributes:
        generation: the hub.
        positions: by partition.
    """

    generation: int
    positions: Mapping[str, int] = field(default_factory=dict)

    def covers(self, row: Placed) -> bool:
        """Whether a row was read; no row of another hub was."""
        is_same = row.hub_generation == self.generation
        return is_same and self.positions.get(row.partition_id, -1) >= row.sequence_number

    def __str__(self) -> str:
        told = (f"{quote(name, safe='')}={last}" for name, last in sorted(self.positions.items()))
        return f"{self.generation}:{','.join(told)}"


def cursor_of(text: str | None) -> Cursor | None:
    """The cursor of a text that anybody may have written; None where it is none."""
    if text is None or len(text) > LONGEST or not (found := _TEXT.fullmatch(text)):
        return None
    positions = dict[str, int]()
    for part in (found[2] or "").split(","):
        name, _, last = part.partition("=")
        if name:
            positions[unquote(name)] = int(last)
    return Cursor(int(found[1]), positions)
