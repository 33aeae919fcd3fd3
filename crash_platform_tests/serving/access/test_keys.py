"""Keys as values."""

import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.serving.access.keys import Key, KeysError, id_of, mint, opens
from crash_platform_tests.serving.access.doubles import NOON, secret_of


def _made(days: int = 30) -> tuple[str, Key]:
    return mint("dispatch", "scorer", days, NOON, lambda count: b"\xab" * count)


def test_a_key_is_its_id_and_256_random_bits_and_only_its_hash_is_kept() -> None:
    text, key = _made()
    assert text == "cp_abababababab_q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s"
    assert key.id == id_of(text) == "abababababab"
    assert key.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert secret_of(text) not in key.model_dump_json()


def test_two_keys_have_nothing_in_common() -> None:
    (text, key), (other_text, other) = (mint("a", "reader", 1, NOON) for _ in range(2))
    assert text != other_text
    assert key.id != other.id
    assert key.sha256 != other.sha256


@given(st.binary(min_size=32, max_size=32))
def test_every_key_that_is_made_is_recognised(secret: bytes) -> None:
    text, key = mint("a", "admin", 1, NOON, lambda count: secret[:count])
    assert id_of(text) == key.id
    assert opens(key, text, NOON)


def test_a_key_opens_until_the_very_moment_it_expires() -> None:
    text, key = _made(days=1)
    assert opens(key, text, NOON + timedelta(days=1, microseconds=-1))
    assert not opens(key, text, NOON + timedelta(days=1))
    assert key.state(NOON + timedelta(days=1)) == "expired"


def test_a_revoked_key_opens_nothing() -> None:
    text, key = _made()
    revoked = key.model_copy(update={"revoked_at": NOON})
    assert revoked.state(NOON) == "revoked"
    assert not opens(revoked, text, NOON)


def test_another_text_or_an_unknown_key_opens_nothing() -> None:
    text, key = _made()
    assert not opens(key, text[:-1] + "A", NOON)
    assert not opens(None, text, NOON)


@pytest.mark.parametrize("text", ["", "cp_", "cp_abababababab_", "abababababab_x", "cp_a_b\n"])
def test_other_texts_are_no_keys(text: str) -> None:
    assert id_of(text) is None


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert id_of(text) is None


def test_the_hash_is_not_in_the_repr() -> None:
    _, key = _made()
    assert key.sha256 not in repr(key)


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 81, "bell\a"])
def test_a_name_is_one_printable_line(name: str) -> None:
    with pytest.raises(KeysError, match="one line of 1 to 80 printable characters"):
        mint(name, "reader", 1, NOON)


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_no_key_is_valid_for_ever_or_never(days: int) -> None:
    with pytest.raises(KeysError, match=f"1 to 3650 days, not {days}"):
        mint("a", "reader", days, NOON)
