"""How often the guard lets somebody in."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crash_platform.serving.access.guard import AccessSettingsError
from crash_platform.serving.access.rules import RANK, Limits
from crash_platform.serving.guarding import AccessError, Role
from crash_platform_tests.serving.access.doubles import (
    HERE,
    Clock,
    MakeGuard,
    add_key,
    guards,
    refusal,
)


@pytest.fixture(scope="module")
def guard() -> Iterator[MakeGuard]:
    with guards() as make:
        yield make


def test_each_role_has_its_limit_and_each_key_its_own_count(
    tmp_path: Path, guard: MakeGuard
) -> None:
    most: dict[Role, int] = {"reader": 2, "scorer": 4, "admin": 6}
    held = [(f"Bearer {add_key(tmp_path, role)[0]}", role) for role in (*RANK, *RANK)]
    guarded = guard(tmp_path, Clock(), limits=Limits(**most, open=1))
    for header, role in held:
        for _ in range(most[role]):
            guarded.admit(header, "reader", HERE)
        refused = refusal(guarded, header)
        assert refused.code == "too_many_requests"
        assert refused.retry_after is not None
        assert 1 <= refused.retry_after <= 120


def test_a_limit_holds_over_the_threads_of_a_server(tmp_path: Path, guard: MakeGuard) -> None:
    header = f"Bearer {add_key(tmp_path)[0]}"
    guarded = guard(tmp_path, Clock(), limits=Limits(scorer=300))

    def is_admitted(_: int) -> bool:
        try:
            guarded.admit(header, "scorer", HERE)
        except AccessError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(is_admitted, range(800))) == 300


def test_an_open_server_counts_by_address(tmp_path: Path, guard: MakeGuard) -> None:
    guarded = guard(tmp_path, Clock(), limits=Limits(open=2))
    for client in ("127.0.0.1", "::1"):
        guarded.admit(None, "scorer", client)
        guarded.admit(None, "scorer", client)
        assert refusal(guarded, None, client=client).code == "too_many_requests"


def test_what_a_role_forbids_counts_too(tmp_path: Path, guard: MakeGuard) -> None:
    header = f"Bearer {add_key(tmp_path, 'reader')[0]}"
    guarded = guard(tmp_path, Clock(), limits=Limits(reader=2))
    codes = [refusal(guarded, header, "admin").code for _ in range(3)]
    assert codes == ["forbidden", "forbidden", "too_many_requests"]


def test_a_limit_of_none_is_refused(tmp_path: Path, guard: MakeGuard) -> None:
    with pytest.raises(AccessSettingsError, match="1 or more"):
        guard(tmp_path, Clock(), limits=Limits(scorer=0))


def test_rates_that_are_not_shared_are_told(tmp_path: Path, guard: MakeGuard) -> None:
    (tmp_path / "request_rates.sqlite").mkdir()
    guarded = guard(tmp_path, Clock())
    guarded.admit(None, "scorer", HERE)
    assert not guarded.are_rates_shared
