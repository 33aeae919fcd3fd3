"""Answers on their way to the lake: each process appends lines to a file of its own.

A line is with the operating system before the answer goes out, so the end of a process, however
sudden, loses none; a power cut may lose the last seconds. A file that is still written is locked by
its process; one that nobody holds is finished. What lines mean, and who moves them, is said beside.
"""

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from crash_platform.errors import PlatformError

FILE_BYTES: Final = 8 * 2**20
"""A file that has so many is finished, and another begun."""
LIMIT_BYTES: Final = 2**30
"""What may wait on disk while the lake is away, at most: about two million answers."""
SUFFIX: Final = ".jsonl"


class SpoolError(PlatformError):
    """Answers cannot be written down on this machine."""


@dataclass
class _File:
    handle: int
    size: int = 0


class Spool:
    """The file to which this process appends. Safe for several threads.

    Appending never raises: an answer must not fail because it cannot be written down. What cannot
    be is counted in ``lost``, and ``trouble`` says why. What was written is never dropped for it.

    Args:
        folder: of the files of all processes, on a disk of this machine.
        new_id: a name that no file had before, ever: the lake knows files by it.
        limit: bytes that may wait in the folder.
        file_bytes: bytes from which on a file is finished.
        write: ``os.write``, or one that fails.

    Raises:
        SpoolError: the folder cannot be made or looked into.
    """

    def __init__(
        self,
        folder: Path,
        new_id: Callable[[], str],
        *,
        limit: int = LIMIT_BYTES,
        file_bytes: int = FILE_BYTES,
        write: Callable[[int, memoryview], int] = os.write,
    ) -> None:
        self.folder, self.lost, self.trouble = folder, 0, ""
        self._new_id, self._write = new_id, write
        self._limit, self._file_bytes = limit, file_bytes
        self._lock = Lock()
        self._file: _File | None = None
        self._room = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.measure()
        except OSError as error:
            raise SpoolError(
                f"Answers cannot be written down in {folder} ({error.strerror}): make it a folder "
                "that this user may write to, or set CRASH_PLATFORM_HOME."
            ) from error

    def append(self, lines: bytes) -> None:
        """Write whole lines down, each with its line end, in one go."""
        with self._lock:
            written = 0
            try:
                if len(lines) > self._room:
                    self.trouble = f"{self._limit / 1e6:,.0f} MB wait in {self.folder} already"
                else:
                    written = self._put(memoryview(lines))
            except OSError as error:
                self.trouble = f"{self.folder} takes nothing ({error.strerror})"
            if written < len(lines):
                self.lost += lines.count(b"\n", written)

    def measure(self) -> None:
        """Look how much room there is, as others write and move as well.

        Raises:
            OSError: the folder cannot be looked into.
        """
        held = sum(size_of(path) for path in self.folder.iterdir())
        with self._lock:
            self._room = self._limit - held

    def close(self) -> None:
        """Finish the file; whoever appends after that begins another."""
        with self._lock:
            self._leave()

    def _put(self, lines: memoryview) -> int:
        """How many bytes were written before there was no more to write or no way to."""
        if self._file is None or self._file.size >= self._file_bytes:
            following = _File(new_file(self.folder, self._new_id))
            self._leave()
            self._file = following
        written = 0
        try:
            while written < len(lines):
                written += self._write(self._file.handle, lines[written:])
        except OSError as error:
            self.trouble = f"{self.folder} takes nothing ({error.strerror})"
        self._file.size += written
        self._room -= written
        if 0 < written < len(lines):
            # Not cut back: whole lines of it may be in the lake by now, which counts in bytes.
            self._leave()
        return written

    def _leave(self) -> None:
        if self._file is not None:
            os.close(self._file.handle)
        self._file = None


def new_file(folder: Path, new_id: Callable[[], str]) -> int:
    """A file that others know is being written.

    Raises:
        OSError: none can be made.
    """
    while True:
        path = folder / f"{new_id()}{SUFFIX}"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        handle = os.open(path, flags, 0o600)
        # Between the two somebody may have taken it for finished, and removed it.
        if claim(handle):
            return handle
        os.close(handle)


def claim(handle: int) -> bool:
    """Lock an open file, at once or not at all; whether it is ours now, and still in its folder."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(handle).st_nlink > 0


def size_of(path: Path) -> int:
    """Bytes of a file; 0 where it is gone."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
