"""A whole pull into files, confirmed against the portal's own count.

How one request is made stands in `client`; what the records mean is nobody's business here.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crash_platform.sources.socrata.errors import SocrataIncompleteError
from crash_platform.sources.socrata.page import Page, moment_of
from crash_platform.sources.socrata.repeats import SeenIds, repeated_ids, row_id
from crash_platform.sources.socrata.snapshot import Snapshot, Source

PULL_ATTEMPTS = 3
_PAGE_FILES = "page_[0-9][0-9][0-9][0-9][0-9].json*"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Pull:
    """What was received.

    Attributes:
        files: One per page, in order, each the body as it came; none for a confirmed zero.
        rows: Records in these files, repeats counted each time.
        expected: What the portal counted after the pull.
        repeated: Ids that came more than once.
        is_complete: Counted, received and told apart without contradiction. If False, a record that
            is absent here may still exist.
        newest_update: The newest `:updated_at` received, in UTC; None if none was served.
    """

    files: tuple[Path, ...]
    rows: int
    expected: int
    repeated: tuple[str, ...]
    is_complete: bool
    newest_update: datetime | None


@dataclass(frozen=True)
class PullPlan:
    """What to ask for and where to put it."""

    where: str | None
    folder: Path
    select: str
    order: str
    key_field: str | None

    @property
    def has_system_fields(self) -> bool:
        """Whether `:updated_at` is among the fields asked for."""
        return ":updated_at" in self.select or ":*" in self.select


def pull_all(source: Source, plan: PullPlan, on_progress: Progress | None) -> Pull:
    """Pulls until the portal's count confirms what came, three times at most.

    Raises:
        SocrataIncompleteError: if the last pull still has fewer rows than counted.
    """
    plan.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as on_error:
        on_error.callback(_remove_pages, plan.folder)
        pull = _pull_patiently(source, plan, on_progress)
        on_error.pop_all()
    return pull


def _pull_patiently(source: Source, plan: PullPlan, on_progress: Progress | None) -> Pull:
    pull = _pull_once(source, plan, on_progress)
    for attempt in range(1, PULL_ATTEMPTS):
        if pull.is_complete:
            return pull
        source.patience.pause(attempt)
        pull = _pull_once(source, plan, on_progress)
    if pull.rows < pull.expected:
        raise SocrataIncompleteError(
            f"Socrata counts {pull.expected} records {_named(plan.where)} but sent {pull.rows}, "
            f"in {PULL_ATTEMPTS} pulls; nothing was kept: try again later, "
            "or with a smaller page_size."
        )
    return pull


def _pull_once(source: Source, plan: PullPlan, on_progress: Progress | None) -> Pull:
    _remove_pages(plan.folder)
    before = source.snapshot(plan.where, with_newest=plan.has_system_fields)
    receipt = _Receipt(plan)
    for page in source.pages(plan.where, select=plan.select, order=plan.order):
        receipt.take(page)
        del page  # one page in memory, not this one and the next
        if on_progress is not None:
            on_progress(receipt.rows, before.count)
        if receipt.is_endless(before):
            break
    after = source.snapshot(plan.where, with_newest=plan.has_system_fields)
    return receipt.closed(before, after)


class _Receipt:
    """The books of one pull."""

    def __init__(self, plan: PullPlan) -> None:
        self.plan = plan
        self.files: list[Path] = []
        self.rows = self.largest_page = 0
        self.newest: datetime | None = None
        self.seen = SeenIds()

    def take(self, page: Page) -> None:
        self.seen.add(row_id(row, self.plan.key_field) for row in page.rows)
        if self.plan.has_system_fields:
            moments = [moment_of(row) for row in page.rows if ":updated_at" in row]
            self.newest = max([*moments, *([self.newest] if self.newest else [])], default=None)
        self.files.append(_written(self.plan.folder / f"page_{len(self.files):05d}.json", page.raw))
        self.rows += len(page.rows)
        self.largest_page = max(self.largest_page, len(page.rows))

    def is_endless(self, before: Snapshot) -> bool:
        """A mirror that ignores $offset would send its first page for ever."""
        return self.rows > 2 * (before.count + self.largest_page)

    def closed(self, before: Snapshot, after: Snapshot) -> Pull:
        repeated = repeated_ids(self.seen, self.files, self.plan.key_field)
        return Pull(
            files=tuple(self.files),
            rows=self.rows,
            expected=after.count,
            repeated=repeated,
            is_complete=(
                before == after and self.rows == after.count and not repeated and self._is_of(after)
            ),
            newest_update=self.newest,
        )

    def _is_of(self, state: Snapshot) -> bool:
        """A record that came and went under the pull leaves both counts equal but is the newest."""
        return None in (self.newest, state.newest) or self.newest == state.newest


def _written(file: Path, body: bytes) -> Path:
    part = file.with_suffix(".json.part")
    part.write_bytes(body)
    return part.replace(file)


def _remove_pages(folder: Path) -> None:
    for file in folder.glob(_PAGE_FILES):
        file.unlink()


def _named(where: str | None) -> str:
    return f"where {where}" if where else "in the dataset"
