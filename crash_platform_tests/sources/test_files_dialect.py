import pytest

from crash_platform.sources.files.dialect import Dialect, fitting
from crash_platform.sources.files.refusal import UnreadableSource

SHORT = Dialect(
    "the short list", frozenset({"csv"}), {"id": "key", "seen": "day"}, frozenset({"id"})
)
LONG = Dialect(
    "the long list",
    frozenset({"csv", "json"}),
    {"id": "key", "seen": "day", "note": "text"},
    frozenset({"id", "hour", "minute"}),
)


def test_the_dialect_that_knows_most_columns_wins() -> None:
    assert fitting(["id", "seen"], "csv", [SHORT, LONG], "f") is SHORT
    assert fitting(["id", "hour", "minute", "x"], "csv", [SHORT, LONG], "f") is LONG


def test_among_equals_the_first_dialect_wins() -> None:
    twin = Dialect("a twin", SHORT.formats, SHORT.columns, SHORT.required)

    assert fitting(["id", "seen"], "csv", [twin, SHORT], "f") is twin


def test_names_are_compared_without_case_outer_blanks_and_byte_order_mark() -> None:
    assert fitting(["\ufeff ID ", "SEEN"], "csv", [SHORT], "f") is SHORT


def test_a_refusal_names_what_the_nearest_dialect_lacks() -> None:
    with pytest.raises(UnreadableSource) as refusal:
        fitting(["id", "seen", "note"], "json", [SHORT, LONG], "notes.json")

    assert str(refusal.value) == (
        "notes.json has no column hour and no column minute: it is not one of the files known here "
        "(the long list); check that it is the right file, or restore the column names."
    )


def test_a_format_that_no_dialect_has_is_refused() -> None:
    with pytest.raises(UnreadableSource, match="is a parquet file, and these records come as csv"):
        fitting(["id"], "parquet", [SHORT], "f.parquet")


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(UnreadableSource, match="has two columns named 'ID'"):
        fitting(["id", "ID"], "csv", [SHORT], "f")
