"""Where keys are kept: one JSON file, changed by one process at a time. No key is judged here."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from crash_platform.serving.access.keys import Key, KeysError

WRITABLE_BY_OTHERS = 0o022
Stamp = tuple[int, int, int, int]


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    version: Literal[1] = 1
    keys: tuple[Key, ...] = ()


class KeyFile:
    """The file of the keys, readable by its owner only.

    Every change replaces the file in one step under a lock, so that a reader never sees half of
    it and two changes never lose one another.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> Stamp | None:
        """What changes whenever the file does; None where there is none.

        Raises:
            KeysError: the file cannot be looked at.
        """
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self.path, "cannot be read", error) from None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def read(self) -> tuple[Key, ...]:
        """All keys, the oldest first; none where there is no file.

        Raises:
            KeysError: the file cannot be read, holds something else, or may be written by others.
        """
        try:
            with self.path.open("rb") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                raw = opened.read()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unusable(self.path, "cannot be read", error) from None
        if mode & WRITABLE_BY_OTHERS:
            raise KeysError(
                f"{self.path} can be written by others, who could add keys: chmod 600 it and "
                "look through `crash-platform keys list`."
            )
        return self._parsed(raw)

    def add(self, key: Key) -> None:
        """Keep one more key.

        Raises:
            KeysError: the file cannot be read or written.
        """
        self._change(lambda keys: (*keys, key))

    def revoke(self, key_id: str, now: datetime) -> Key:
        """Make a key useless for ever; one that is revoked already stays as it is.

        Raises:
            KeysError: there is no such key, or the file cannot be read or written.
        """

        def changed(keys: tuple[Key, ...]) -> tuple[Key, ...]:
            return tuple(_revoked(key, now) if key.id == key_id else key for key in keys)

        for key in self._change(changed):
            if key.id == key_id:
                return key
        raise KeysError(f"There is no key {key_id!r}: `crash-platform keys list` shows all ids.")

    def _parsed(self, raw: bytes) -> tuple[Key, ...]:
        try:
            keys = _Content.model_validate_json(raw).keys
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            problem = f"{where}: {first['msg']}"
        else:
            if len({key.id for key in keys}) == len(keys):
                return keys
            problem = "two keys have one id"
        raise KeysError(
            f"{self.path} is not a list of keys ({problem}): put back a copy, or move it away and "
            "make new keys."
        )

    def _change(self, change: Callable[[tuple[Key, ...]], tuple[Key, ...]]) -> tuple[Key, ...]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path.with_suffix(".lock")):
                before = self.read()
                after = change(before)
                if after != before:
                    _replace(
                        self.path, _Content(keys=after).model_dump_json(indent=1).encode() + b"\n"
                    )
        except OSError as error:
            raise _unusable(self.path, "cannot be written", error) from None
        return after


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock against every other process of this machine; waits for it.

    Raises:
        OSError: the file cannot be made.
    """
    import fcntl

    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _revoked(key: Key, now: datetime) -> Key:
    return key if key.revoked_at is not None else key.model_copy(update={"revoked_at": now})


def _replace(path: Path, content: bytes) -> None:
    """Write a file of its owner's (0600) in one step that also survives a power cut."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _unusable(path: Path, what: str, error: OSError) -> KeysError:
    return KeysError(f"The keys in {path} {what} ({error.strerror}): mend its permissions.")
