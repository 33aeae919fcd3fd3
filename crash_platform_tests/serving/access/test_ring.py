"""The keys as a running server knows them."""

import logging
from pathlib import Path

import pytest

from crash_platform.serving.access.files import KeyFile, Stamp
from crash_platform.serving.access.keys import Key, KeysError
from crash_platform.serving.access.ring import KeyRing
from crash_platform_tests.serving.access.doubles import NOON, Clock, add_key, key_file


class CountedFile(KeyFile):
    """A key file that counts how often it is looked at and read."""

    looked = 0
    was_read = 0

    def stamp(self) -> Stamp | None:
        self.looked += 1
        return super().stamp()

    def read(self) -> tuple[Key, ...]:
        self.was_read += 1
        return super().read()


def test_a_new_key_is_known_within_a_second_and_a_revoked_one_seen_as_such(tmp_path: Path) -> None:
    clock = Clock()
    ring = KeyRing(key_file(tmp_path), clock.monotonic)
    assert ring.keys() == {}
    _, key = add_key(tmp_path)
    assert ring.keys() == {}
    clock.pass_by(1)
    assert ring.keys() == {key.id: key}
    key_file(tmp_path).revoke(key.id, NOON)
    clock.pass_by(1)
    assert ring.keys()[key.id].revoked_at == NOON


def test_the_file_is_looked_at_once_in_a_second_and_read_only_when_it_changed(
    tmp_path: Path,
) -> None:
    add_key(tmp_path)
    clock, file = Clock(), CountedFile(key_file(tmp_path).path)
    ring = KeyRing(file, clock.monotonic)
    for _ in range(50):
        ring.keys()
        clock.pass_by(0.1)
    assert 5 <= file.looked <= 6
    assert file.was_read == 1


def test_a_file_that_breaks_takes_all_keys_away_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _, key = add_key(tmp_path)
    clock, file = Clock(), key_file(tmp_path)
    ring = KeyRing(file, clock.monotonic)
    assert ring.keys() == {key.id: key}
    whole = file.path.read_text()
    file.path.write_text("{")
    for _ in range(3):
        clock.pass_by(1)
        with pytest.raises(KeysError, match="not a list of keys"):
            ring.keys()
    assert len([each for each in caplog.records if each.levelno == logging.ERROR]) == 1
    file.path.write_text(whole)
    clock.pass_by(1)
    assert ring.keys() == {key.id: key}
