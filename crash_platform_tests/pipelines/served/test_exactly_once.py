"""Whoever writes, moves, fails or dies, and when: each answer is in the table exactly once."""

import errno
import tempfile
from pathlib import Path

from deltalake.exceptions import CommitFailedError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from crash_platform.lake.failures import LakeError
from crash_platform.pipelines.served.moving import Mover
from crash_platform.pipelines.served.spool import Spool
from crash_platform_tests.pipelines.served.counter import (
    Disk,
    FakeTable,
    KilledError,
    kill,
    lines,
    numbered,
)

PROCESS = st.integers(0, 2)
FAULTS = st.sampled_from(["away", "overtaken", "killed"])
LINE = len(lines("r000"))


def fault_of(kind: str) -> BaseException:
    errors = {"away": LakeError("away"), "overtaken": CommitFailedError("x")}
    return errors.get(kind, KilledError())


class Process:
    """A server: its spool, its disk, its mover."""

    def __init__(self, folder: Path, names: "Names", table: FakeTable) -> None:
        self.disk = Disk()
        self.spool = Spool(folder, names, write=self.disk.write, file_bytes=3 * LINE)
        self.mover = Mover(folder, table, lambda _: None, most=4 * LINE)


class Names:
    """Names of files, out of order as those of several machines may be."""

    def __init__(self) -> None:
        self._next = numbered()

    def __call__(self) -> str:
        return self._next()[::-1]


class Servers(RuleBasedStateMachine):
    """Three servers over one folder and one table."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.table, self.names = FakeTable(), Names()
        self.processes = [self.new() for _ in range(3)]
        self.requests = 0
        self.kept, self.torn = set[tuple[str, int]](), set[tuple[str, int]]()

    def new(self) -> Process:
        return Process(Path(self.folder.name), self.names, self.table)

    @rule(process=PROCESS, count=st.integers(1, 4))
    def write(self, process: int, count: int) -> None:
        self.kept |= {(name, n) for name in [self.next_name()] for n in range(count)}
        self.processes[process].spool.append(lines(f"r{self.requests:03d}", count))

    @rule(process=PROCESS, count=st.integers(1, 4), taken=st.integers(0, 4 * LINE))
    def write_on_a_full_disk(self, process: int, count: int, taken: int) -> None:
        name, spool = self.next_name(), self.processes[process].spool
        written = lines(name, count)
        self.processes[process].disk.faults.append((taken, OSError(errno.ENOSPC, "full")))
        before = spool.lost
        spool.append(written)
        whole = written[:taken].count(b"\n")
        assert spool.lost - before == count - whole
        self.kept |= {(name, n) for n in range(whole)}

    @rule(process=PROCESS, count=st.integers(1, 4), taken=st.integers(0, 4 * LINE - 1))
    def die_while_writing(self, process: int, count: int, taken: int) -> None:
        name = self.next_name()
        error = KilledError()
        self.processes[process].disk.faults.append((min(taken, count * LINE - 1), error))
        try:
            self.processes[process].spool.append(lines(name, count))
        except KilledError:
            self.torn |= {(name, n) for n in range(count)}
        else:
            raise AssertionError("it lived")
        self.end(process)

    @rule(process=PROCESS)
    def move(self, process: int) -> None:
        self.processes[process].mover.move()

    @rule(process=PROCESS, kind=FAULTS, is_committed=st.booleans())
    def move_badly(self, process: int, kind: str, is_committed: bool) -> None:
        faults = self.table.after if is_committed else self.table.before
        faults.append(fault_of(kind))
        try:
            self.processes[process].mover.move()
        except (LakeError, CommitFailedError):
            pass
        except KilledError:
            self.end(process)
        faults.clear()

    @rule(process=PROCESS)
    def end(self, process: int) -> None:
        kill(self.processes[process].spool)
        self.processes[process] = self.new()

    @rule(process=PROCESS)
    def restart(self, process: int) -> None:
        self.processes[process].spool.close()
        self.processes[process] = self.new()

    def next_name(self) -> str:
        self.requests += 1
        return f"r{self.requests:03d}"

    def teardown(self) -> None:
        if not hasattr(self, "processes"):
            return
        for process in self.processes:
            kill(process.spool)
        last = self.new()
        while last.mover.move().is_behind:
            pass
        found = self.table.keys()
        assert len(found) == len(set(found)), "an answer is there twice"
        assert self.kept <= set(found) <= self.kept | self.torn
        assert list(Path(self.folder.name).glob("*.jsonl")) == []
        self.folder.cleanup()


Servers.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestEachAnswerIsThereExactlyOnce = Servers.TestCase
