"""A server's log of predictions lies below its home folder and empties itself into the lake."""

from pathlib import Path

from crash_platform.lake.location import Location
from crash_platform.lake.store import Store
from crash_platform.pipelines.served.opening import new_id, open_keeper, open_spool
from crash_platform.pipelines.served.tables import SERVED_PREDICTIONS
from crash_platform.settings import Settings
from crash_platform_tests.pipelines.served.counter import lines


def test_what_a_server_answered_is_in_the_lake_when_it_has_ended(tmp_path: Path) -> None:
    store, said = Store(Location(str(tmp_path / "lake"))), list[str]()
    spool = open_spool(Settings(home=tmp_path))
    with open_keeper(spool, lambda: store, said.append):
        spool.append(lines("a", 2))
        assert list((tmp_path / "served").glob("*.jsonl"))
    assert store.slice(SERVED_PREDICTIONS).read()["request_id"].to_pylist() == ["a", "a"]
    assert not list((tmp_path / "served").glob("*.jsonl"))
    assert said == []


def test_no_two_files_have_one_name() -> None:
    assert len({new_id() for _ in range(1_000)}) == 1_000
