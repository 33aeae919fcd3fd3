"""Lines from the files of a spool to ``gold/served_predictions``, each exactly once.

How far a file was moved is kept in the commit that holds its rows, and nowhere else. When this is
done, and what happens while the lake is away, is said in ``keeping``.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import CommitFailedError

from crash_platform.lake.frame import Frame
from crash_platform.pipelines.reports.live.beside import TableBeside
from crash_platform.pipelines.served.lines import Read, read_lines
from crash_platform.pipelines.served.spool import SUFFIX, claim, size_of
from crash_platform.pipelines.served.tables import SERVED_PREDICTIONS

MOST_BYTES: Final = 16 * 2**20
"""A commit takes no further file when it has so many."""
LOCK: Final = "moving.lock"


@dataclass(frozen=True)
class Moved:
    """What one move came to.

    Attributes:
        rows: answers that are in the lake now.
        days: on which they were asked.
        is_behind: whether more is waiting than one commit takes.
    """

    rows: int = 0
    days: frozenset[date] = frozenset()
    is_behind: bool = False


@dataclass(frozen=True)
class _Part:
    """Whole lines of one file: from a byte up to another."""

    path: Path
    begins: int
    data: bytes

    @property
    def ends(self) -> int:
        return self.begins + len(self.data)


class ServedTable(TableBeside):
    """The table of served predictions, for one thread."""

    table = SERVED_PREDICTIONS

    def held(self, files: Iterable[Path]) -> dict[Path, int]:
        """How many bytes of each file are in the table.

        Raises:
            LakeError: the table cannot be read.
        """
        names = {path: file_id(path) for path in files}
        numbers = self._opened().numbers(SERVED_PREDICTIONS, names.values())
        return {path: numbers[name] for path, name in names.items()}

    def append(self, rows: pa.Table, parts: Mapping[Path, tuple[int, int]]) -> None:
        """Append rows, and say in the same commit from where to where files are in the table.

        Raises:
            CommitFailedError: somebody else moved one of the files meanwhile.
            LakeError: the table cannot be written.
        """
        before = {file_id(path): begins for path, (begins, _) in parts.items()}
        after = {file_id(path): ends for path, (_, ends) in parts.items()}
        self._opened().append_from(SERVED_PREDICTIONS, Frame.of(rows), before, after)


def file_id(path: Path) -> str:
    """The name under which the table keeps how far a file was moved."""
    return f"served/{path.stem}"


class Mover:
    """Moves what waits in a folder; of several on one machine one at a time does.

    Args:
        folder: of the spool.
        table: where it goes.
        say: takes a line: what a file held that is no answer.
        most: bytes from which on a commit takes no further file.
    """

    def __init__(
        self,
        folder: Path,
        table: ServedTable,
        say: Callable[[str], None],
        most: int = MOST_BYTES,
    ) -> None:
        self._folder, self._table, self._say, self._most = folder, table, say, most
        self._held: dict[Path, int] = {}

    def move(self) -> Moved:
        """Bring whole lines to the lake in one commit, and remove files that are all there.

        With nothing new the lake is not asked.

        Raises:
            CommitFailedError: others keep moving the same lines.
            LakeError: the lake is away; everything waits where it is.
            OSError: the folder cannot be read or written.
        """
        with alone(self._folder / LOCK) as is_alone:
            if not is_alone:
                return Moved()
            try:
                return self._move()
            except CommitFailedError:
                # Another process was at it since our last move: what we knew of the files is old.
                return self._move()

    def _move(self) -> Moved:
        files = sorted(self._folder.glob(f"*{SUFFIX}"))
        self._look_up(files)
        parts, is_behind = self._parts(files)
        days = self._commit(parts) if parts else {}
        for path in files:
            self._remove_if_done(path)
        return Moved(sum(days.values()), frozenset(days), is_behind)

    def _look_up(self, files: Sequence[Path]) -> None:
        known = {path: self._held[path] for path in files if path in self._held}
        unknown = [path for path in files if path not in known]
        self._held = known | (self._table.held(unknown) if unknown else {})

    def _parts(self, files: Sequence[Path]) -> tuple[list[_Part], bool]:
        parts, taken = list[_Part](), 0
        for path in files:
            if taken >= self._most:
                return parts, True
            begins = self._held[path]
            if size_of(path) > begins:
                data = whole_lines(tail(path, begins))
                if data:
                    parts.append(_Part(path, begins, data))
                    taken += len(data)
        return parts, False

    def _commit(self, parts: Sequence[_Part]) -> dict[date, int]:
        """Commit parts of files; how many rows of each day there were."""
        read = [(part, read_lines(part.data)) for part in parts]
        for part, found in read:
            self._put_aside(part, found)
        rows = pa.concat_tables([found.rows for _, found in read])
        # Until it is known to be in the table it is not known where the table is.
        held, self._held = self._held, {}
        self._table.append(rows, {part.path: (part.begins, part.ends) for part in parts})
        self._held = held | {part.path: part.ends for part in parts}
        counted = pc.value_counts(rows["asked_date"]).to_pylist()
        return {each["values"]: each["counts"] for each in counted}

    def _put_aside(self, part: _Part, found: Read) -> None:
        """Keep lines that cannot be read, under a name that a second try overwrites."""
        if not found.unreadable:
            return
        path = part.path.with_name(f"{part.path.stem}-{part.begins}.unreadable")
        path.write_bytes(b"".join(found.unreadable))
        self._say(
            f"{len(found.unreadable)} lines of {part.path.name} are no predictions: they are kept "
            f"in {path}, and not in the lake."
        )

    def _remove_if_done(self, path: Path) -> None:
        """Remove a file that nobody writes any more, if all its whole lines are in the lake."""
        with path.open("rb") as opened:
            if not claim(opened.fileno()):
                return
            opened.seek(self._held[path])
            rest = opened.read()
            if b"\n" in rest:
                return
            if rest:
                self._say(
                    f"A process ended while it wrote to {path.name}: the last {len(rest)} bytes "
                    "are no whole line, of an answer that nobody was given."
                )
            path.unlink()
        del self._held[path]


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody else of this machine is at it until the end of the block; never waits.

    Raises:
        OSError: the lock's file cannot be made.
    """
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        is_alone = False
    else:
        is_alone = True
    try:
        yield is_alone
    finally:
        os.close(handle)


def tail(path: Path, begins: int) -> bytes:
    """A file from some byte on."""
    with path.open("rb") as opened:
        opened.seek(begins)
        return opened.read()


def whole_lines(data: bytes) -> bytes:
    """As much of it as ends with a line."""
    return data[: data.rfind(b"\n") + 1]
