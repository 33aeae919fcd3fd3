from pathlib import Path

import pytest

from crash_platform.sources.files.discovery import FileKind, find_files, kind_of, survey
from crash_platform.sources.files.refusal import UnreadableSource


def _touch(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return paths


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", FileKind("csv", False)),
        ("A.CSV.GZ", FileKind("csv", True)),
        ("a.b.json", FileKind("json", False)),
        ("a.ndjson.gz", FileKind("json", True)),
        ("a.jsonl", FileKind("json", False)),
        ("a.parquet", FileKind("parquet", False)),
        ("a.parquet.gz", None),
        ("a.gz", None),
        ("a.csv.zip", None),
        ("csv", None),
    ],
)
def test_a_name_tells_the_kind_of_a_file(name: str, kind: FileKind | None) -> None:
    assert kind_of(Path(name)) == kind


def test_a_folder_gives_its_files_of_records_sorted_with_those_of_its_sub_folders(
    tmp_path: Path,
) -> None:
    _touch(tmp_path, "b.csv", "a.json.gz", "sub/c.parquet", "sub/deeper/d.NDJSON")

    found = [path.relative_to(tmp_path).as_posix() for path in find_files([tmp_path])]

    assert found == ["a.json.gz", "b.csv", "sub/c.parquet", "sub/deeper/d.NDJSON"]


def test_hidden_files_and_readmes_are_passed_over_and_other_files_are_listed_as_ignored(
    tmp_path: Path,
) -> None:
    _touch(tmp_path, "a.csv", ".b.csv", "_SUCCESS", ".git/c.csv", "README.csv", "notes.xlsx")

    found = survey([tmp_path])

    assert [path.name for path in found.files] == ["a.csv"]
    assert [path.name for path in found.ignored] == ["notes.xlsx"]


def test_paths_keep_the_order_they_are_given_in_and_no_file_comes_twice(tmp_path: Path) -> None:
    first, second = _touch(tmp_path, "a.csv", "z.csv")

    assert find_files([second, tmp_path]) == [second, first]


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"gone\.csv does not exist"):
        find_files([tmp_path / "gone.csv"])


def test_a_folder_without_files_of_records_is_refused_and_says_what_it_holds(
    tmp_path: Path,
) -> None:
    with pytest.raises(UnreadableSource, match=r"holds no file of records: put CSV, JSON"):
        find_files([tmp_path])
    _touch(tmp_path, "a.txt", "b.txt", "c.txt", "d.txt")
    with pytest.raises(UnreadableSource, match=r"\(only a\.txt, b\.txt, c\.txt and 1 more\)"):
        find_files([tmp_path])


def test_an_unsupported_file_named_by_itself_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"notes\.xlsx is not a file of records"):
        find_files(_touch(tmp_path, "notes.xlsx"))


def test_a_delta_table_is_refused_because_its_files_hold_deleted_rows(tmp_path: Path) -> None:
    _touch(tmp_path, "part-0.parquet", "_delta_log/00000000000000000000.json")

    with pytest.raises(UnreadableSource, match="is a Delta table"):
        find_files([tmp_path])
