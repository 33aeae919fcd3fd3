"""A dialect: the names one publisher gives its columns, and which dialect a list of names fits.

Nothing here opens a file, and no dialect of a real publisher is written here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from crash_platform.sources.files.discovery import Format
from crash_platform.sources.files.refusal import UnreadableSource

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Dialect:
    """How one kind of file spells the fields of a record.

    Headers are compared without regard to case, outer blanks and a byte order mark.

    Attributes:
        name: what a person calls it; appears in refusals and beside the records.
        formats: the formats it comes in: "csv", "json", "parquet".
        columns: header as it comes -> canonical field. Several spellings may name one field:
            the first one present feeds it, another one beside it counts as unknown.
        required: the headers without which a file is not of this dialect.
        derived: canonical field -> DuckDB SQL over the headers, each a string column written in
            double quotes as in `columns` or `required`; used where no column feeds the field.
        dates: canonical field -> strftime pattern of its text, where the publisher has one of its
            own. Told to whoever casts the field; the reader changes no value.
    """

    name: str
    formats: frozenset[str]
    columns: Mapping[str, str]
    required: frozenset[str]
    derived: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    dates: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header the dialect knows: those that feed a field, then the other required ones."""
        return (*self.columns, *sorted(self.required - self.columns.keys()))

    def missing(self, names: Iterable[str]) -> list[str]:
        """The required headers that `names` lacks, sorted."""
        there = {plain(name) for name in names}
        return sorted(header for header in self.required if plain(header) not in there)

    def known(self, names: Iterable[str]) -> int:
        """How many of `names` the dialect knows."""
        mine = {plain(header) for header in self.headers}
        return sum(plain(name) in mine for name in names)


def trimmed(name: str) -> str:
    """A column name without a byte order mark and outer blanks."""
    return name.strip().lstrip("\ufeff").strip()


def plain(name: str) -> str:
    """A column name as it is compared: trimmed, and the same for every case."""
    return trimmed(name).casefold()


def fitting(
    names: Sequence[str], form: Format, dialects: Sequence[Dialect], called: str
) -> Dialect:
    """The dialect of a file with columns `names`: the fitting one that knows most of them.

    Among equals the first wins.

    Raises:
        UnreadableSource: two columns have one name, or no dialect of this format fits; the text
            says what the file `called` so lacks for the nearest one.
    """
    _refuse_twins(names, called)
    candidates = [dialect for dialect in dialects if form in dialect.formats]
    if not candidates:
        forms = ", ".join(sorted({form for dialect in dialects for form in dialect.formats}))
        raise UnreadableSource(f"{called} is a {form} file, and these records come as {forms}.")
    fits = [dialect for dialect in candidates if not dialect.missing(names)]
    if fits:
        return max(fits, key=lambda dialect: dialect.known(names))
    nearest = max(candidates, key=lambda each: (each.known(names), -len(each.missing(names))))
    lacks = " and ".join(f"no column {header}" for header in nearest.missing(names))
    expected = " or ".join(dialect.name for dialect in candidates)
    raise UnreadableSource(
        f"{called} has {lacks}: it is not one of the files known here ({expected}); "
        "check that it is the right file, or restore the column names."
    )


def _refuse_twins(names: Sequence[str], called: str) -> None:
    seen: set[str] = set()
    for name in names:
        if plain(name) in seen:
            raise UnreadableSource(
                f"{called} has two columns named {trimmed(name)!r}: give each its own name."
            )
        seen.add(plain(name))
