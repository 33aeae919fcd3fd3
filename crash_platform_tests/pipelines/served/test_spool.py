"""What is appended is on disk at once; what cannot be is counted, and nothing fails for it."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from crash_platform.pipelines.served.spool import Spool, SpoolError, claim
from crash_platform_tests.pipelines.served.counter import Disk, KilledError, kill, lines, numbered

FULL = OSError(errno.ENOSPC, "No space left on device")


def spool_in(folder: Path, disk: Disk | None = None, **more: Any) -> Spool:
    return Spool(folder, numbered(), write=(disk or Disk()).write, **more)


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.jsonl"))]


def test_what_was_appended_outlives_the_process(tmp_path: Path) -> None:
    spool = spool_in(tmp_path / "served")
    spool.append(b"a\n")
    spool.append(b"b\nc\n")
    kill(spool)
    assert contents(tmp_path / "served") == [b"a\nb\nc\n"]
    assert (tmp_path / "served").stat().st_mode & 0o777 == 0o700
    (file,) = (tmp_path / "served").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_nothing_is_made_before_there_is_something_to_write(tmp_path: Path) -> None:
    spool_in(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_finished_when_it_is_large_and_another_begun(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, file_bytes=4)
    for text in (b"aa\n", b"bb\n", b"cc\n"):
        spool.append(text)
    assert contents(tmp_path) == [b"aa\nbb\n", b"cc\n"]
    held = [path.open("rb") for path in sorted(tmp_path.iterdir())]
    assert [claim(each.fileno()) for each in held] == [True, False]
    for each in held:
        each.close()


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, file_bytes=2_000)
    texts = [f"{n}" * 50 + "\n" for n in range(4)]

    def work(text: str) -> None:
        for _ in range(100):
            spool.append(text.encode())

    threads = [Thread(target=work, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spool.close()
    found = b"".join(contents(tmp_path)).decode().splitlines(keepends=True)
    assert sorted(found) == sorted(texts * 100)
    assert spool.lost == 0


def test_beyond_the_limit_the_new_is_lost_and_counted_and_the_old_stays(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, limit=10)
    spool.append(b"1234\n")
    spool.append(b"a\nb\nc\n")
    assert (spool.lost, contents(tmp_path)) == (3, [b"1234\n"])
    assert "wait in" in spool.trouble
    spool.append(b"789\n")
    assert spool.lost == 3, "there was room for it"
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    spool.measure()
    spool.append(b"again\n")
    assert spool.lost == 3


def test_what_others_have_in_the_folder_counts_as_well(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_bytes(b"x" * 100)
    spool = spool_in(tmp_path, limit=101)
    spool.append(b"a\n")
    assert spool.lost == 1


def test_on_a_full_disk_what_does_not_fit_is_lost_and_counted_line_by_line(tmp_path: Path) -> None:
    disk = Disk([(0, FULL), (5, FULL)])
    spool = spool_in(tmp_path, disk)
    spool.append(b"aa\n")
    assert (spool.lost, contents(tmp_path)) == (1, [b""])
    assert "No space left" in spool.trouble
    spool.append(b"bb\ncc\ndd\n")
    assert (spool.lost, contents(tmp_path)) == (3, [b"bb\ncc"])
    spool.append(b"ee\n")
    assert (spool.lost, contents(tmp_path)) == (3, [b"bb\ncc", b"ee\n"]), "never on a torn line"


def test_a_write_that_takes_only_a_part_is_gone_on_with(tmp_path: Path) -> None:
    class Slow:
        def write(self, handle: int, data: memoryview) -> int:
            return os.write(handle, data[:3])

    spool = Spool(tmp_path, numbered(), write=Slow().write)
    spool.append(lines("a", 3))
    assert contents(tmp_path) == [lines("a", 3)]


def test_a_folder_that_is_gone_loses_answers_and_breaks_nothing(tmp_path: Path) -> None:
    spool = spool_in(tmp_path / "served")
    (tmp_path / "served").rmdir()
    spool.append(b"a\n")
    assert spool.lost == 1
    assert "No such file" in spool.trouble


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "served").write_text("a file")
    with pytest.raises(SpoolError, match="make it a folder"):
        spool_in(tmp_path / "served")


def test_a_process_that_ends_in_the_middle_of_a_line_leaves_it_torn(tmp_path: Path) -> None:
    spool = spool_in(tmp_path, Disk([(4, KilledError())]))
    with pytest.raises(KilledError):
        spool.append(b"aa\nbb\n")
    kill(spool)
    assert contents(tmp_path) == [b"aa\nb"]


def test_a_file_that_somebody_took_for_finished_is_not_written(tmp_path: Path) -> None:
    def taken() -> str:
        names.append(f"file-{len(names)}")
        return names[-1]

    names = list[str]()
    opened = os.open(tmp_path / "gone.jsonl", os.O_CREAT | os.O_WRONLY)
    (tmp_path / "gone.jsonl").unlink()
    assert not claim(opened), "it is in no folder any more"
    os.close(opened)
    Spool(tmp_path, taken).append(b"a\n")
    assert names == ["file-0"]


CHILD = """
import sys
from itertools import count
from pathlib import Path
from crash_platform.pipelines.served.spool import Spool

spool = Spool(Path(sys.argv[1]), lambda: "file")
for number in count():
    spool.append(f"{number}\\n".encode())
    print(number, flush=True)
"""


def test_what_was_answered_before_a_kill_is_on_disk(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        for _ in range(500):
            child.stdout.readline()
        child.kill()
        answered = 500 + child.stdout.read().count("\n")
    (written,) = contents(tmp_path)
    assert written.splitlines()[:answered] == [str(n).encode() for n in range(answered)]
    opened = (tmp_path / "file.jsonl").open("rb")
    assert claim(opened.fileno()), "nobody holds it any more"
    opened.close()
