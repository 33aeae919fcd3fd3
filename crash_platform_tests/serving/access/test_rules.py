"""The rules of access: ranks of roles, headers, addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.serving.access.rules import (
    LONGEST_HEADER,
    Limits,
    bearer,
    covers,
    is_loopback,
    too_many,
)
from crash_platform.serving.guarding import Role


@pytest.mark.parametrize(
    ("held", "needed", "is_enough"),
    [
        ("admin", "admin", True),
        ("admin", "reader", True),
        ("scorer", "reader", True),
        ("scorer", "admin", False),
        ("reader", "scorer", False),
        (None, "reader", False),
    ],
)
def test_a_role_includes_those_below_it(held: Role | None, needed: Role, is_enough: bool) -> None:
    assert covers(held, needed) is is_enough


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bearer abc.d-e_f==", "abc.d-e_f=="),
        ("bEARER   abc", "abc"),
        ("Bearer abc\n", None),
        ("Bearer  ", None),
        ("Bearer a b", None),
        ("Basic abc", None),
        ("Bearer ä", None),
        ("Bearer " + "a" * LONGEST_HEADER, None),
        ("", None),
        (None, None),
    ],
)
def test_only_a_bearer_token_is_read_from_a_header(
    header: str | None, expected: str | None
) -> None:
    assert bearer(header) == expected


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.7", False),
        ("192.0.2.7", False),
        ("0.0.0.0", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_only_addresses_of_this_machine_are_loopback(client: str, expected: bool) -> None:
    assert is_loopback(client) is expected


@given(st.text())
def test_any_client_text_is_judged(client: str) -> None:
    assert is_loopback(client) in (True, False)


def test_a_caller_without_a_role_is_limited_as_a_reader() -> None:
    limits = Limits(reader=1, scorer=2, admin=3)
    assert [limits.of(role) for role in (None, "reader", "scorer", "admin")] == [1, 1, 2, 3]


def test_the_refusal_of_a_hurried_caller_says_when_to_come_back() -> None:
    error = too_many(7, 600)
    assert (error.code, error.retry_after) == ("too_many_requests", 7)
    assert str(error) == "More than 600 requests in a minute: ask again in 7 s."
