from pathlib import Path

from crash_platform.pipelines.schemas import schemas, write

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "events"


def test_the_schema_files_are_what_the_models_say() -> None:
    held = {path.name: path.read_text(encoding="utf-8") for path in WRITTEN.glob("*.json")}
    assert held == schemas(), "run `make docs`"


def test_they_are_written_into_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == set(schemas())
