"""The guard where it lets in without waiting: only whom it would let in anyway."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crash_platform.serving.access.rules import RANK, Limits
from crash_platform.serving.guarding import Role
from crash_platform_tests.serving.access.doubles import (
    ELSEWHERE,
    HERE,
    NOON,
    Clock,
    MakeGuard,
    Provider,
    add_key,
    entra,
    guards,
    key_file,
    token,
)
from crash_platform_tests.serving.access.test_guard import BAD, ROLES, bad_header

MANY = Limits(reader=5_000, scorer=5_000, admin=5_000, open=5_000)


@pytest.fixture(scope="module")
def guard() -> Iterator[MakeGuard]:
    with guards() as make:
        yield make


@pytest.mark.parametrize("needed", ROLES)
@pytest.mark.parametrize("held", ROLES)
def test_a_good_key_opens_what_its_role_includes_and_nothing_else(
    tmp_path: Path, held: Role, needed: Role, guard: MakeGuard
) -> None:
    header, guarded = f"Bearer {add_key(tmp_path, held)[0]}", guard(tmp_path, Clock(), limits=MANY)
    assert not guarded.admit_at_once(header, needed, ELSEWHERE)  # nothing is counted yet
    guarded.admit(header, "reader", ELSEWHERE)
    assert guarded.admit_at_once(header, needed, ELSEWHERE) == (RANK[held] >= RANK[needed])


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_key_opens_nothing(tmp_path: Path, kind: str, guard: MakeGuard) -> None:
    good, clock = f"Bearer {add_key(tmp_path, 'admin')[0]}", Clock()
    header, guarded = bad_header(tmp_path, kind, "admin"), guard(tmp_path, clock, limits=MANY)
    clock.pass_by(2 * 86_400)
    guarded.admit(good, "reader", HERE)
    assert guarded.admit_at_once(good, "reader", HERE)
    assert not guarded.admit_at_once(header, "reader", HERE)


def test_a_key_that_was_revoked_opens_nothing_after_a_second(
    tmp_path: Path, guard: MakeGuard
) -> None:
    (text, key), clock = add_key(tmp_path), Clock()
    guarded = guard(tmp_path, clock, limits=MANY)
    guarded.admit(f"Bearer {text}", "scorer", HERE)
    assert guarded.admit_at_once(f"Bearer {text}", "scorer", HERE)
    key_file(tmp_path).revoke(key.id, NOON)
    clock.pass_by(1)
    assert not guarded.admit_at_once(f"Bearer {text}", "scorer", HERE)


def test_an_open_guard_lets_in_this_machine_only(tmp_path: Path, guard: MakeGuard) -> None:
    guarded = guard(tmp_path, Clock(), limits=MANY)
    guarded.admit(None, "scorer", HERE)
    assert guarded.admit_at_once(None, "scorer", HERE)
    assert not guarded.admit_at_once(None, "scorer", ELSEWHERE)


def test_tokens_of_entra_are_never_let_in_at_once(tmp_path: Path, guard: MakeGuard) -> None:
    header = f"Bearer {token(roles=['scorer'])}"
    clock = Clock()
    guarded = guard(tmp_path, clock, with_entra=entra(Provider(), clock), limits=MANY)
    guarded.admit(header, "scorer", HERE)
    assert not guarded.admit_at_once(header, "scorer", HERE)
