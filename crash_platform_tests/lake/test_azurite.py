"""The same store, and the whole crash pipeline, on an abfss:// lake: Azurite behind delta-rs."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pyarrow as pa
import pytest

from crash_platform.definitions import build
from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.plan import Step
from crash_platform.lake.contract import Table, Window
from crash_platform.lake.frame import ContractError, Frame
from crash_platform.lake.location import Location
from crash_platform.lake.maintenance import maintain
from crash_platform.lake.store import EmptyDayError, LakeError, Store
from crash_platform.orchestration.lakes import open_store
from crash_platform.orchestration.runs import materialise
from crash_platform.pipelines.crashes.loading import followers
from crash_platform.pipelines.crashes.tables import TABLES
from crash_platform.settings import load_settings
from crash_platform_tests.lake.azurite import ACCOUNT, VARIABLE, azurite, configured
from crash_platform_tests.lake.azurite import create_container as made
from crash_platform_tests.lake.things import THINGS, day, days, frame, held, things

pytestmark = pytest.mark.azurite

EMULATOR = {"azure_storage_use_emulator": "true"}
WEEK = Window(date(2022, 1, 28), date(2022, 2, 3))
ROUNDS = 3


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running Azurite."""
    executable = configured()
    if not executable:
        pytest.skip(f"needs Azurite: set {VARIABLE} to what .ci/azurite FOLDER prints")
    with azurite(executable, tmp_path_factory.mktemp("azurite")) as url:
        made(url, "lake")
        yield url


@pytest.fixture
def root(service: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty lake."""
    monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", service)
    return f"abfss://lake@{ACCOUNT}.dfs.core.windows.net/{uuid4().hex}"


@pytest.fixture
def store(root: str) -> Store:
    """An empty lake."""
    return remote(root)


def remote(root: str, options: dict[str, str] | None = None) -> Store:
    return Store(Location(root, EMULATOR | (options or {})))


def test_a_table_is_made_and_a_day_and_a_range_are_replaced(store: Store) -> None:
    assert (store.version(THINGS), held(store)) == (None, {})
    store.replace(THINGS, days(0, 5), frame(*((n, n) for n in range(6))))
    store.replace(THINGS, days(3), frame((3, 33)))
    commit = store.replace(THINGS, days(1, 4), frame(*((n, 100 + n) for n in range(1, 5))))
    assert commit.version == store.version(THINGS) == 3
    assert held(store) == {day(n): [n if n in (0, 5) else 100 + n] for n in range(6)}
    assert held(store, window=days(2, 3)) == {day(2): [102], day(3): [103]}


def test_the_guards_hold_there_too(store: Store) -> None:
    store.replace(THINGS, days(0), frame((0, 1)))
    with pytest.raises(EmptyDayError):
        store.replace(THINGS, days(0), frame())
    with pytest.raises(ContractError, match="lies outside"):
        store.replace(THINGS, days(0), frame((1, 2)))
    assert (held(store), store.version(THINGS)) == ({day(0): [1]}, 1)


def test_many_commits_are_read_back_in_order(store: Store) -> None:
    """More than a checkpoint's worth: listings of the log are where the emulator differs."""
    for number in range(45):
        store.replace(THINGS, days(number % 3), frame((number % 3, number)))
    assert store.version(THINGS) == 45
    assert held(store) == {day(0): [42], day(1): [43], day(2): [44]}


def test_a_batch_is_appended_once(store: Store) -> None:
    assert store.append_once(THINGS, frame((0, 1)), "app", 1)
    assert store.append_once(THINGS, frame((0, 2)), "app", 1) is None
    assert store.append_once(THINGS, frame((0, 3)), "app", 2)
    assert (held(store), store.last_number(THINGS, "app")) == ({day(0): [1, 3]}, 2)


def test_a_replacement_overtaken_by_another_is_run_again(store: Store) -> None:
    store.replace(THINGS, days(0, 1), frame((0, 1), (1, 2)))
    opened: list[int] = []

    def overtaken() -> pa.RecordBatchReader:
        if not opened:
            store.replace(THINGS, days(0), frame((0, 50)))
        opened.append(1)
        return things((0, 9)).to_reader()

    store.replace(THINGS, days(0), Frame(THINGS.schema, overtaken))
    assert (len(opened), held(store)) == (2, {day(0): [9], day(1): [2]})


def write_rounds(root: str, numbers: tuple[int, ...], writer: int) -> list[int]:
    """Replace each day a few times; the ids written last."""
    for round_ in range(ROUNDS):
        ids = [1000 * writer + 10 * round_ + n for n in range(len(numbers))]
        for number, thing_id in zip(numbers, ids, strict=True):
            remote(root).replace(THINGS, days(number), frame((number, thing_id)))
    return ids


def test_two_processes_end_with_exact_rows(root: str) -> None:
    """Days of one month, where every write of the one conflicts with the other's."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        jobs = [pool.submit(write_rounds, root, (2 + 2 * w, 3 + 2 * w), w) for w in range(2)]
        last = [job.result(timeout=300) for job in jobs]
    expected = {day(2 + n): [i] for n, i in enumerate(i for ids in last for i in ids)}
    assert held(remote(root)) == expected
    assert remote(root).version(THINGS) == 2 * 2 * ROUNDS


def test_a_frame_may_be_made_from_tables_of_the_lake_while_it_is_written(store: Store) -> None:
    """delta-rs pulls rows in a thread in which the lake itself cannot be read."""
    store.replace(THINGS, days(0, 5), frame(*((n, n) for n in range(6))))
    copies = Table(**{**vars(THINGS), "name": "copies"})
    rows, names = store.slice(THINGS, days(1, 4)), THINGS.schema.names
    steps = [Step("copied", "SELECT * FROM things")]
    engine = DuckDBEngine()
    copied = Frame(copies.schema, lambda: engine.stream({"things": rows}, steps, names))
    store.replace(copies, days(1, 4), copied)
    assert held(store, copies) == {day(n): [n] for n in range(1, 5)}


def test_maintenance_makes_a_table_smaller(store: Store) -> None:
    for number in range(6):
        store.replace(THINGS, days(number), frame((number, number)))
    trial = maintain(store, THINGS, today=date(2022, 3, 1), dry_run=True)
    report = maintain(store, THINGS, today=date(2022, 3, 1))
    assert trial.compacted_files == report.compacted_files == 6
    assert (report.before.files, report.after.files) == (6, 2)
    assert held(store) == {day(n): [n] for n in range(6)}


@pytest.mark.parametrize(
    ("container", "options", "words"),
    [
        ("absent", {}, "its container does not exist"),
        ("lake", {"azure_storage_account_key": "d3Jvbmc="}, "Azure refuses the sign-in"),
    ],
)
def test_a_lake_that_cannot_be_used_is_told_and_is_no_empty_lake(
    root: str, container: str, options: dict[str, str], words: str
) -> None:
    store = remote(root.replace("//lake@", f"//{container}@"), options)
    with pytest.raises(LakeError, match=f"cannot be read: {words}"):
        store.slice(THINGS)
    with pytest.raises(LakeError, match=words):
        store.replace(THINGS, days(0), frame((0, 1)))


def week_of_crashes(lake: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, pa.Table]:
    """Every table after a week of the packaged year went through Dagster."""
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(home))
    monkeypatch.setenv("CRASH_PLATFORM_LAKE", lake)
    monkeypatch.setenv("CRASH_PLATFORM_SOURCE", "sample")
    settings = load_settings()
    with dg.DagsterInstance.ephemeral() as instance:
        definitions = build(settings)
        outcome = materialise(definitions, instance, WEEK, followers(definitions))
    assert outcome.kept > 0
    store = open_store(settings)
    return {table.path: sorted_by_key(store, table) for table in TABLES}


def sorted_by_key(store: Store, table: Table) -> pa.Table:
    rows = store.slice(table, WEEK).read()
    return rows.sort_by([(name, "ascending") for name in table.key])


def test_a_week_of_crashes_comes_out_as_in_a_folder(
    root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_AZURE_EMULATOR", "true")
    remote_tables = week_of_crashes(root, tmp_path / "remote", monkeypatch)
    assert not (tmp_path / "remote" / "lake").exists()
    local_tables = week_of_crashes(str(tmp_path / "lake"), tmp_path / "local", monkeypatch)
    assert remote_tables["silver/crashes"].num_rows > 1_000
    for path, rows in local_tables.items():
        assert remote_tables[path].equals(rows), path
