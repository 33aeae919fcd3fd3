from pathlib import Path

from crash_platform.pipelines.crashes.rules import RULES
from crash_platform.pipelines.dictionary import dictionary
from crash_platform.pipelines.tables import TABLES

WRITTEN = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"


def test_the_data_dictionary_is_what_the_contracts_say() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == dictionary(), "run `make docs`"


def test_it_shows_every_column_and_every_rule() -> None:
    text = dictionary()
    for table in TABLES:
        for column in table.columns:
            assert f"| `{column.name}` | {column.type} |" in text
            assert column.description
    for rule in RULES:
        assert f"| `{rule.name}` | {rule.severity} |" in text
