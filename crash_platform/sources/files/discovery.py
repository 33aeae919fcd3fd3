"""Which files a person meant by a list of paths, and what kind of file each is by its name.

Nothing here opens a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from crash_platform.sources.files.refusal import UnreadableSource

Format = Literal["csv", "json", "parquet"]

_FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".json": "json",
    ".ndjson": "json",
    ".jsonl": "json",
    ".parquet": "parquet",
}
_SUPPORTED = "CSV, JSON, NDJSON or JSONL (each also as .gz) or Parquet"


@dataclass(frozen=True)
class FileKind:
    """What a file's name says: its format, and whether the text is gzipped."""

    format: Format
    is_gzipped: bool


@dataclass(frozen=True)
class Survey:
    """What a list of paths holds: `files` to read, `ignored` ones of another kind."""

    files: tuple[Path, ...]
    ignored: tuple[Path, ...]


def kind_of(path: Path) -> FileKind | None:
    """The kind a name promises, whatever its case; None where no reader exists for it."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    is_gzipped = suffixes[-1:] == [".gz"]
    last = suffixes[-2:-1] if is_gzipped else suffixes[-1:]
    form = _FORMATS.get(last[0]) if last else None
    if form is None or (is_gzipped and form == "parquet"):
        return None
    return FileKind(form, is_gzipped)


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The files of records under `paths`, each once: see `survey`."""
    return list(survey(paths).files)


def survey(paths: Sequence[Path]) -> Survey:
    """Look through `paths` (files, or folders with all their sub-folders), in the order given.

    Inside a folder, files come sorted by path; names that begin with `.` or `_` (hidden, or the
    bookkeeping of another system) and READMEs are passed over, files of another kind are listed
    as ignored.

    Raises:
        UnreadableSource: a path is missing, a folder holds nothing to read or is a Delta table,
            or a file named by itself is of no supported kind.
    """
    files: dict[Path, None] = {}
    ignored: dict[Path, None] = {}
    for path in paths:
        found = _in_folder(path) if path.is_dir() else _single(path)
        files.update(dict.fromkeys(found.files))
        ignored.update(dict.fromkeys(found.ignored))
    return Survey(tuple(files), tuple(ignored))


def _single(path: Path) -> Survey:
    if not path.exists():
        raise UnreadableSource(f"{path} does not exist: check the path.")
    if kind_of(path) is None:
        raise UnreadableSource(
            f"{path.name} is not a file of records by its name: give {_SUPPORTED}."
        )
    return Survey((path,), ())


def _in_folder(folder: Path) -> Survey:
    if (folder / "_delta_log").is_dir():
        raise UnreadableSource(
            f"{folder} is a Delta table, whose files also hold rows it has deleted: "
            "read it as a table, or give an export of it."
        )
    seen = [path for path in sorted(folder.rglob("*")) if path.is_file() and _shown(path, folder)]
    files = tuple(path for path in seen if kind_of(path) is not None)
    ignored = tuple(path for path in seen if kind_of(path) is None)
    if not files:
        beside = f" (only {_few(ignored)})" if ignored else ""
        raise UnreadableSource(
            f"{folder} holds no file of records{beside}: put {_SUPPORTED} files in it."
        )
    return Survey(files, ignored)


def _shown(path: Path, folder: Path) -> bool:
    inside = path.relative_to(folder).parts
    is_hidden = any(part.startswith((".", "_")) for part in inside)
    return not is_hidden and path.name.split(".")[0].upper() != "README"


def _few(paths: Sequence[Path], most: int = 3) -> str:
    names = ", ".join(path.name for path in paths[:most])
    return f"{names} and {len(paths) - most} more" if len(paths) > most else names
