"""The short ways that DuckDB's functions take for plain values lead where the long way does."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform_tests.engine.function_cases import answers, function_named


def clean_text(text: str) -> object:
    return re.sub("[ \t\n\x0b\f\r]+", " ", text).strip(" ") or None


def capitals(text: str) -> object:
    return "".join(letter.upper() if "a" <= letter <= "z" else letter for letter in text)


def plain_number(text: str) -> object:
    return text.rstrip("0").rstrip(".") if "." in text else text


def strict_bigint(text: str) -> object:
    return int(text) if re.fullmatch("-?[0-9]{1,18}", text) else None


TEXTS = st.text(st.sampled_from(" \t\n\x0b\f\r\x00!~.-019azAZ\u00a0\u2003\u2028éß漢🚗"), max_size=9)


@pytest.mark.parametrize("meaning", [clean_text, capitals, plain_number, strict_bigint])
@settings(max_examples=15, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=400))
def test_a_function_means_the_same_for_any_text(
    meaning: Callable[[str], object], texts: list[str]
) -> None:
    found = answers(DuckDBEngine(), function_named(meaning.__name__), [(text,) for text in texts])
    assert found == [meaning(text) for text in texts]
