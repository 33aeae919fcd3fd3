"""`crash-platform keys`."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from crash_platform.commands.keys import app
from crash_platform.serving.access.guard import open_guard
from crash_platform.serving.access.keys import KeysError
from crash_platform.serving.guarding import AccessError
from crash_platform_tests.serving.access.doubles import ELSEWHERE


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_a_key_is_printed_alone_and_opens_the_api(home: Path) -> None:
    made = _run("create", "--role", "scorer", "--name", "dispatch")
    assert made.exit_code == 0
    text = made.stdout.removesuffix("\n")
    assert re.fullmatch(r"cp_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", text)
    assert "shown only now" in made.stderr
    assert text not in made.stderr
    with closing(open_guard(home)) as guarded:
        guarded.admit(f"Bearer {text}", "scorer", ELSEWHERE)


def test_the_list_tells_of_every_key_but_none_of_their_secrets() -> None:
    text = _run("create", "--role", "reader", "--name", "map").stdout.strip()
    _, key_id, secret = text.split("_", 2)
    listed = _run("list").stdout
    heading, row = listed.splitlines()
    assert heading.split() == ["id", "role", "state", "created", "expires", "name"]
    assert row.split()[:3] == [key_id, "reader", "valid"]
    assert row.split()[-1] == "map"
    assert secret not in listed


def test_a_revoked_key_opens_nothing_and_is_listed_as_such(home: Path) -> None:
    text = _run("create", "--role", "admin", "--name", "ops", "--days", "1").stdout.strip()
    revoked = _run("revoke", text.split("_")[1])
    assert "for ops opens nothing any more" in revoked.stdout
    assert "revoked" in _run("list").stdout
    guarded = open_guard(home)
    with pytest.raises(AccessError, match="A valid key is needed"):
        guarded.admit(f"Bearer {text}", "reader", ELSEWHERE)


def test_without_keys_the_list_says_what_that_means() -> None:
    assert "answers this machine only" in _run("list").stdout


def test_a_role_there_is_not_is_refused() -> None:
    assert _run("create", "--role", "king", "--name", "x").exit_code == 2


def test_a_key_that_cannot_be_made_is_one_sentence(home: Path) -> None:
    refused = _run("create", "--role", "reader", "--name", "x", "--days", "0")
    assert isinstance(refused.exception, KeysError)
    assert not (home / "keys.json").exists()


def test_revoking_what_there_is_not_is_one_sentence() -> None:
    assert isinstance(_run("revoke", "abc").exception, KeysError)
