"""Where keys are kept."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from stat import S_IMODE

import pytest

from crash_platform.serving.access.files import KeyFile
from crash_platform.serving.access.keys import KeysError, mint
from crash_platform_tests.serving.access.doubles import NOON, add_key, key_file, secret_of


def test_without_a_file_there_are_no_keys(tmp_path: Path) -> None:
    assert key_file(tmp_path).read() == ()
    assert key_file(tmp_path).stamp() is None


def test_keys_come_back_as_they_were_kept_readable_by_their_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "not" / "yet"
    _, first = add_key(home, "reader")
    _, second = add_key(home, "admin")
    file = key_file(home)
    assert file.read() == (first, second)
    assert S_IMODE(file.path.stat().st_mode) == 0o600


def test_no_secret_is_in_the_folder(tmp_path: Path) -> None:
    text, _ = add_key(tmp_path)
    secret = secret_of(text).encode()
    assert not any(secret in path.read_bytes() for path in tmp_path.iterdir())


def test_nothing_is_left_behind_but_the_file_and_its_lock(tmp_path: Path) -> None:
    add_key(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.json", "keys.lock"]


def test_a_revoked_key_stays_on_the_list_with_the_first_moment_it_was_revoked(
    tmp_path: Path,
) -> None:
    _, key = add_key(tmp_path)
    file = key_file(tmp_path)
    assert file.revoke(key.id, NOON).revoked_at == NOON
    assert file.revoke(key.id, NOON + timedelta(days=1)).revoked_at == NOON
    assert [kept.revoked_at for kept in file.read()] == [NOON]


def test_revoking_what_there_is_not_says_where_to_look(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match=r"no key 'abc'.*keys list"):
        key_file(tmp_path).revoke("abc", NOON)
    assert not key_file(tmp_path).path.exists()


def test_keys_made_at_once_are_all_kept(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: add_key(tmp_path)[1].id, range(24)))
    assert {key.id for key in key_file(tmp_path).read()} == set(made)


def test_a_change_changes_the_stamp(tmp_path: Path) -> None:
    _, key = add_key(tmp_path)
    file = key_file(tmp_path)
    before = file.stamp()
    assert file.stamp() == before
    file.revoke(key.id, NOON)
    assert file.stamp() != before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"version": 2}', '{"keys": [{"id": 1}]}'])
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: str) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.path.write_text(content)
    file.path.chmod(0o600)
    with pytest.raises(KeysError, match=r"keys\.json is not a list of keys \(.+\): put back"):
        file.read()


def test_a_broken_file_is_never_overwritten_nor_told_in_the_refusal(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    file.path.write_text('{"keys": [{"id": "planted-secret"}]}')
    file.path.chmod(0o600)
    with pytest.raises(KeysError) as refused:
        file.add(mint("a", "reader", 1, NOON)[1])
    assert "planted-secret" not in str(refused.value)
    assert "planted-secret" in file.path.read_text()


def test_two_keys_of_one_id_are_refused(tmp_path: Path) -> None:
    add_key(tmp_path)
    file = key_file(tmp_path)
    content = json.loads(file.path.read_text())
    file.path.write_text(json.dumps(content | {"keys": content["keys"] * 2}))
    with pytest.raises(KeysError, match="two keys have one id"):
        file.read()


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    add_key(tmp_path)
    key_file(tmp_path).path.chmod(0o620)
    with pytest.raises(KeysError, match=r"can be written by others.*chmod 600"):
        key_file(tmp_path).read()


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(KeysError, match="cannot be read"):
        key_file(tmp_path).read()


def test_a_home_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeysError, match="cannot be written"):
        KeyFile(tmp_path / "file" / "keys.json").revoke("a", NOON)
