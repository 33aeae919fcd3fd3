"""The guard of the prediction API as a whole."""

import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crash_platform.serving.access.guard import AccessGuard
from crash_platform.serving.access.keys import mint
from crash_platform.serving.access.rules import RANK, Limits
from crash_platform.serving.guarding import AccessCode, Role
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
    refusal,
    secret_of,
    token,
)

ROLES: tuple[Role, ...] = get_args(Role)
BAD = ("missing", "malformed", "unknown", "wrong secret", "expired", "revoked")


@pytest.fixture(scope="module")
def guard() -> Iterator[MakeGuard]:
    with guards() as make:
        yield make


def bad_header(home: Path, kind: str, role: Role) -> str | None:
    """What is sent: a key of a role, good or bad in one way."""
    text, key = add_key(home, role, days=1 if kind == "expired" else 30)
    if kind == "revoked":
        key_file(home).revoke(key.id, NOON)
    if kind == "wrong secret":
        other, _ = mint("other", role, 30, NOON)
        text = f"cp_{key.id}_{secret_of(other)}"
    if kind == "unknown":
        text, _ = mint("other", role, 30, NOON)
    sent = {"missing": None, "malformed": f"Bearer {text} x"}
    return sent.get(kind, f"Bearer {text}")


@pytest.mark.parametrize("needed", ROLES)
@pytest.mark.parametrize("held", ROLES)
@pytest.mark.parametrize("kind", BAD)
def test_a_bad_key_opens_nothing_whatever_its_role(
    tmp_path: Path, kind: str, held: Role, needed: Role, guard: MakeGuard
) -> None:
    header, clock = bad_header(tmp_path, kind, held), Clock()
    clock.pass_by(2 * 86_400)
    refused = refusal(guard(tmp_path, clock), header, needed)
    assert (refused.code, refused.retry_after) == ("unauthorized", None)


@pytest.mark.parametrize("needed", ROLES)
@pytest.mark.parametrize("held", ROLES)
@pytest.mark.parametrize("client", [HERE, ELSEWHERE])
def test_a_good_key_opens_what_its_role_includes(
    tmp_path: Path, client: str, held: Role, needed: Role, guard: MakeGuard
) -> None:
    header, guarded = bad_header(tmp_path, "valid", held), guard(tmp_path, Clock())
    if RANK[held] >= RANK[needed]:
        guarded.admit(header, needed, client)
    else:
        refused = refusal(guarded, header, needed, client)
        assert refused.code == "forbidden"
        assert str(refused) == f"This needs the role {needed}, which this caller lacks."


def test_refusals_do_not_tell_what_is_wrong_with_a_key(tmp_path: Path, guard: MakeGuard) -> None:
    clock = Clock()
    clock.pass_by(2 * 86_400)
    told = set()
    for number, kind in enumerate(BAD):
        home = tmp_path / str(number)
        header = bad_header(home, kind, "admin")
        told.add(str(refusal(guard(home, clock), header)))
    assert len(told) == 1


@pytest.mark.parametrize("needed", ROLES)
@pytest.mark.parametrize("held", ROLES)
def test_an_entra_token_opens_what_its_role_includes(
    tmp_path: Path, held: Role, needed: Role, guard: MakeGuard
) -> None:
    clock = Clock()
    guarded = guard(tmp_path, clock, with_entra=entra(Provider(), clock))
    header = f"Bearer {token(roles=[held])}"
    if RANK[held] >= RANK[needed]:
        guarded.admit(header, needed, ELSEWHERE)
    else:
        assert refusal(guarded, header, needed).code == "forbidden"


def test_a_good_entra_token_without_a_role_may_do_nothing(tmp_path: Path, guard: MakeGuard) -> None:
    clock = Clock()
    guarded = guard(tmp_path, clock, with_entra=entra(Provider(), clock))
    assert refusal(guarded, f"Bearer {token(roles=[])}").code == "forbidden"


def test_an_entra_token_is_unknown_where_entra_is_not_set_up(
    tmp_path: Path, guard: MakeGuard
) -> None:
    add_key(tmp_path)
    assert refusal(guard(tmp_path, Clock()), f"Bearer {token()}").code == "unauthorized"


def test_keys_go_on_working_while_the_identity_provider_is_away(
    tmp_path: Path, guard: MakeGuard
) -> None:
    clock, provider = Clock(), Provider()
    provider.is_down = True
    text, _ = add_key(tmp_path)
    guarded = guard(tmp_path, clock, with_entra=entra(provider, clock))
    guarded.admit(f"Bearer {text}", "scorer", ELSEWHERE)
    assert refusal(guarded, f"Bearer {token()}").code == "unavailable"


def test_without_keys_and_entra_this_machine_may_ask_anything_and_no_other(
    tmp_path: Path, guard: MakeGuard
) -> None:
    guarded = guard(tmp_path, Clock())
    assert guarded.is_open
    for role in ROLES:
        guarded.admit(None, role, HERE)
        guarded.admit("Bearer whatever", role, "::1")
        assert refusal(guarded, None, role, ELSEWHERE).code == "unauthorized"


def test_entra_alone_closes_the_door(tmp_path: Path, guard: MakeGuard) -> None:
    clock = Clock()
    guarded = guard(tmp_path, clock, with_entra=entra(Provider(), clock))
    assert not guarded.is_open
    assert refusal(guarded, None).code == "unauthorized"


def test_the_first_key_closes_the_door_of_a_running_server_within_a_second(
    tmp_path: Path, guard: MakeGuard
) -> None:
    clock = Clock()
    guarded = guard(tmp_path, clock)
    guarded.admit(None, "scorer", HERE)
    text, _ = add_key(tmp_path)
    clock.pass_by(1)
    assert not guarded.is_open
    assert refusal(guarded, None).code == "unauthorized"
    guarded.admit(f"Bearer {text}", "scorer", HERE)


def test_a_key_revoked_while_the_server_runs_is_refused_within_a_second(
    tmp_path: Path, guard: MakeGuard
) -> None:
    clock = Clock()
    text, key = add_key(tmp_path)
    guarded = guard(tmp_path, clock)
    guarded.admit(f"Bearer {text}", "scorer", HERE)
    key_file(tmp_path).revoke(key.id, NOON)
    clock.pass_by(1)
    assert refusal(guarded, f"Bearer {text}").code == "unauthorized"
    assert not guard(tmp_path, clock).is_open


def test_a_key_file_that_vanishes_opens_nothing(tmp_path: Path, guard: MakeGuard) -> None:
    clock = Clock()
    text, _ = add_key(tmp_path)
    guarded = guard(tmp_path, clock)
    guarded.admit(f"Bearer {text}", "scorer", HERE)
    key_file(tmp_path).path.unlink()
    clock.pass_by(1)
    assert not guarded.is_open
    assert refusal(guarded, None).code == "unauthorized"
    assert refusal(guarded, f"Bearer {text}").code == "unauthorized"


def test_keys_that_cannot_be_read_open_nothing_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, guard: MakeGuard
) -> None:
    clock = Clock()
    guarded = guard(tmp_path, clock)
    assert guarded.is_open
    text, _ = add_key(tmp_path)
    key_file(tmp_path).path.write_text("{")
    clock.pass_by(1)
    assert not guarded.is_open
    refused = refusal(guarded, f"Bearer {text}")
    assert (refused.code, refused.retry_after) == ("unavailable", 1)
    assert refusal(guarded, None).code == "unauthorized"
    assert str(tmp_path) not in str(refused)
    assert str(tmp_path) in caplog.text
    key_file(tmp_path).path.unlink()
    clock.pass_by(1)
    assert not guarded.is_open


def test_no_secret_is_in_any_refusal_log_or_repr(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, guard: MakeGuard
) -> None:
    caplog.set_level("DEBUG")
    clock = Clock()
    text, key = add_key(tmp_path, "reader")
    guarded = guard(tmp_path, clock, with_entra=entra(Provider(), clock), limits=Limits(reader=3))
    secret, signed = secret_of(text), token("foreign", named="planted-key-id")
    sent = [text, text[:-1] + "!", f"cp_{'0' * 12}_{secret}", text, text, text, signed]
    told = [str(refusal(guarded, f"Bearer {each}", "admin")) for each in sent]
    seen = "\n".join([*told, caplog.text, repr(guarded), repr(vars(guarded)), repr(key)])
    for planted in (secret, signed.rpartition(".")[2], "planted-key-id", key.sha256):
        assert planted not in seen


ids = st.text("0123456789abcdef", min_size=12, max_size=12)
secrets = st.text(string.ascii_letters + string.digits + "-_", min_size=43, max_size=43)
b64 = st.text(string.ascii_letters + string.digits + "-_", max_size=60)
tokens = st.one_of(
    st.builds("cp_{}_{}".format, ids, secrets),
    st.builds("{}.{}.{}".format, b64, b64, b64),
    st.text(),
)
headers = st.one_of(
    st.none(),
    st.text(),
    st.builds("{}{}{}".format, st.sampled_from(["Bearer ", "bearer  ", "Basic "]), tokens, b64),
    st.builds("Bearer {}".format, tokens),
)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory, guard: MakeGuard) -> AccessGuard:
    home, clock = tmp_path_factory.mktemp("home"), Clock()
    add_key(home)
    return guard(home, clock, with_entra=entra(Provider(), clock))


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(header=headers, role=st.sampled_from(ROLES), client=st.text(max_size=20))
def test_any_header_is_refused_with_a_code(
    closed: AccessGuard, header: str | None, role: Role, client: str
) -> None:
    refused = refusal(closed, header, role, client)
    assert refused.code in get_args(AccessCode)
    assert refused.code == "unauthorized"
