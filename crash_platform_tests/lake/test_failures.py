"""What people are told when the lake cannot be used: one sentence with a way out, and no secret."""

import os
import traceback
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from deltalake.exceptions import DeltaError

from crash_platform.errors import PlatformError
from crash_platform.lake.failures import LakeError, known_cause, reaching
from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform_tests.lake.things import THINGS, days, frame, held, store_in

NOBODY = 65534
CANARY = "Q2FuYXJ5U2VjcmV0"
IMPATIENT = {"max_retries": "0", "retry_timeout": "1s", "timeout": "2s"}


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine can look into, unlike pytest's own."""
    folder = Path(mkdtemp())
    folder.chmod(0o755)
    yield folder
    rmtree(folder)


def without_rights(folder: Path, answer: Connection) -> None:
    """Read and write three lakes as a user without rights, and send what they are told."""
    if os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    answer.send({root: told(store_in(folder / root)) for root in ("dark", "bright", "new")})


def told(store: Store) -> list[str]:
    """What comes of reading a lake, and of writing to it."""
    texts = []
    for use in (lambda: held(store), lambda: store.replace(THINGS, days(0), frame((0, 1)))):
        try:
            texts.append(str(use()))
        except PlatformError as error:
            texts.append(str(error))
    return texts


@pytest.mark.parametrize("place", ["", "silver", "silver/things"])
def test_a_path_that_is_a_file_is_no_empty_table(tmp_path: Path, place: str) -> None:
    file = tmp_path / "lake" / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    store = store_in(tmp_path / "lake")
    for use in (
        lambda: store.slice(THINGS),
        lambda: store.replace(THINGS, days(0), frame((0, 1))),
        lambda: store.append_once(THINGS, frame((0, 1)), "app", 1),
    ):
        with pytest.raises(LakeError, match="a part of its path is a file; set CRASH_PLATFORM"):
            use()


def test_a_user_without_rights_is_told_so_and_never_shown_an_empty_table(
    open_folder: Path,
) -> None:
    for root in ("dark", "bright"):
        store_in(open_folder / root).replace(THINGS, days(0), frame((0, 7)))
    for folder in [open_folder, *open_folder.rglob("*")]:
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    (open_folder / "dark").chmod(0o000)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=without_rights, args=(open_folder, theirs))
    process.start()
    assert ours.poll(60), "no answer"
    answers = ours.recv()
    process.join(60)
    refusal = "this user may not do that there"
    assert [refusal in text for text in answers["dark"]] == [True, True]
    assert "[7]" in answers["bright"][0]
    assert f"cannot be written: {refusal}" in answers["bright"][1]
    assert answers["new"][0] == "{}"
    assert f"cannot be written: {refusal}" in answers["new"][1]


def test_a_log_that_is_damaged_is_told(store: Store) -> None:
    store.replace(THINGS, days(0), frame((0, 1)))
    log = Path(store.location.of(THINGS.path)) / "_delta_log" / f"{1:020}.json"
    log.write_text("{not json")
    with pytest.raises(LakeError, match=r"cannot be understood \(.*\); restore"):
        store.slice(THINGS)


def test_a_log_folder_without_a_commit_is_a_table_nobody_wrote(store: Store) -> None:
    (Path(store.location.of(THINGS.path)) / "_delta_log").mkdir(parents=True)
    assert store.version(THINGS) is None
    store.replace(THINGS, days(0), frame((0, 1)))
    assert store.version(THINGS) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"azure_storage_use_emulator": "true"}, "it cannot be reached"),
        ({"azure_storage_sas_token": f"sv=2024&sig={CANARY}"}, "it cannot be reached"),
        ({"azure_storage_token": CANARY}, "it cannot be reached"),
        ({"azure_storage_account_key": CANARY}, "it cannot be reached"),
        ({"azure_storage_account_key": f"{CANARY}!"}, "its account key is not base64"),
    ],
)
def test_an_azure_that_does_not_answer_is_told_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str], words: str
) -> None:
    nobody = "http://127.0.0.1:9/account"
    monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", nobody)
    reached = {"azure_storage_endpoint": nobody, "allow_http": "true", **IMPATIENT, **options}
    store = Store(Location("abfss://lake@account.dfs.core.windows.net/root", reached))
    with pytest.raises(LakeError, match=words) as failure:
        store.slice(THINGS)
    assert CANARY not in "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("ContainerNotFound"), "its container does not exist"),
        (OSError("\x1b[31m↳\x1b[0m 403 Forbidden\n<Code>AuthorizationFailure"), "refuses the sign"),
        (OSError("No space left on device (os error 28)"), "disk is full"),
        (OSError("Read-only file system (os error 30)"), "read-only"),
        (DeltaError("Permission denied (os error 13)"), "may not do that"),
        (OSError("odd\n  \x1b[31m↳\x1b[0m things\n"), "odd : things"),
    ],
)
def test_each_known_cause_is_one_line_with_a_way_out(error: Exception, words: str) -> None:
    cause = known_cause(error)
    assert cause
    assert words in cause
    assert "\n" not in cause


def test_a_bug_keeps_its_own_error() -> None:
    assert known_cause(DeltaError("Schema error: no field named thing_dat")) is None
    with pytest.raises(DeltaError, match="thing_dat"), reaching("silver/things", "lake", "read"):
        raise DeltaError("Schema error: no field named thing_dat")
    with pytest.raises(KeyError), reaching("silver/things", "lake", "read"):
        raise KeyError("thing_dat")
