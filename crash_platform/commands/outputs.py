"""Files that commands write for people: never inside the lake, and whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from crash_platform.errors import PlatformError
from crash_platform.settings import Settings


class OutputError(PlatformError):
    """A file cannot be written where it was asked for."""


@contextmanager
def replacing(path: Path, settings: Settings) -> Iterator[Path]:
    """A draft beside the path, which takes the path's place if the block ends well.

    Raises:
        OutputError: the path is inside the lake or no file's, or nothing can be written there.
    """
    _check(path, settings)
    try:
        with TemporaryDirectory(dir=path.resolve().parent, prefix=f".{path.name}.") as folder:
            draft = Path(folder) / path.name
            yield draft
            draft.replace(path)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error}).") from error


def _check(path: Path, settings: Settings) -> None:
    place = path.resolve()
    if "://" not in settings.lake_root and place.is_relative_to(Path(settings.lake_root).resolve()):
        raise OutputError(f"{path} lies inside the lake, where only tables may be: name another.")
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file in it.")
    if not place.parent.is_dir():
        raise OutputError(f"There is no folder {place.parent} for {path.name}: make it first.")
