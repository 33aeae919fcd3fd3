"""What a portal says of its records without sending them.

Two equal snapshots mean that nothing moved in between; what was received is weighed in `pull`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crash_platform.sources.socrata.page import Page, TransientError, moment_of
from crash_platform.sources.socrata.patience import Patience


@dataclass(frozen=True)
class Snapshot:
    """How many records there are, and their newest `:updated_at`, in UTC."""

    count: int
    newest: datetime | None = None


class Source(Protocol):
    """What a pull needs of a client."""

    @property
    def patience(self) -> Patience:
        """How to wait between two pulls."""

    def snapshot(self, where: str | None, *, with_newest: bool = True) -> Snapshot:
        """The state of the records now."""

    def pages(
        self, where: str | None, *, select: str, order: str, limit: int | None = None
    ) -> Iterator[Page]:
        """The records themselves."""


def snapshot_of(page: Page) -> Snapshot:
    """The snapshot in the answer to `count(*)`.

    Raises:
        TransientError: if the answer is anything but one record with a count.
        SocrataAnswerError: if its newest moment is none.
    """
    first = page.rows[0] if len(page.rows) == 1 else {}
    count, newest = str(first.get("count", "")), first.get("newest")
    if not (count.isascii() and count.isdigit()):
        raise TransientError("status 200 without a number where the count was asked for")
    return Snapshot(int(count), None if newest is None else moment_of({":updated_at": newest}))
