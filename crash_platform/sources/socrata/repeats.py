"""Finding ids that came more than once, in eight bytes per row. Knows rows and files, no portal."""

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from crash_platform.sources.socrata.errors import SocrataAnswerError

_BUCKETS = 256


def row_id(row: Mapping[str, object], key_field: str | None) -> str:
    """What tells this record from the others: `:id` when served, else the key field.

    Raises:
        SocrataAnswerError: if the record has neither.
    """
    found = row.get(":id")
    if found is None and key_field is not None:
        found = row.get(key_field)
    if found is None:
        raise SocrataAnswerError(
            f"A Socrata record came without {' and '.join(filter(None, (':id', key_field)))}, so "
            "repeated records cannot be told; give key_field, a field that every record has."
        )
    return str(found)


class SeenIds:
    """Remembers a hash of every id: two million ids take 18 MB instead of 220."""

    def __init__(self) -> None:
        self._buckets = [array("q") for _ in range(_BUCKETS)]

    def add(self, ids: Iterable[str]) -> None:
        """Notes that these came."""
        for name in ids:
            digest = hash(name)
            self._buckets[digest % _BUCKETS].append(digest)

    def suspects(self) -> set[int]:
        """The hashes that came more than once; every repeated id is among them."""
        return {
            digest
            for bucket in self._buckets
            if len(set(bucket)) < len(bucket)
            for digest, times in Counter(bucket).items()
            if times > 1
        }


def repeated_ids(seen: SeenIds, files: Iterable[Path], key_field: str | None) -> tuple[str, ...]:
    """The ids that stand more than once in these files, which are read only on suspicion."""
    suspects = seen.suspects()
    if not suspects:
        return ()
    times = Counter(
        name
        for file in files
        for name in (row_id(row, key_field) for row in json.loads(file.read_bytes()))
        if hash(name) in suspects
    )
    return tuple(sorted(name for name, count in times.items() if count > 1))
