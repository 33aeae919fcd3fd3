"""Whatever a portal does: the same records, or one clear error, or an honest 'not complete'."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crash_platform.sources.socrata.errors import SocrataIncompleteError, SocrataUnavailableError
from crash_platform.sources.socrata.repeats import SeenIds
from crash_platform_tests.sources.socrata_cases import crashes, download, keys, keys_in
from crash_platform_tests.sources.socrata_server import (
    DROPPED,
    DROPPED_IN_BODY,
    EMPTY,
    TRUNCATED,
    Fault,
    SocrataServer,
    html_page,
    refusing,
    saying,
    shifting,
)

NONE = Fault()
FAULTS = st.sampled_from(
    [
        NONE,
        NONE,
        refusing(429),
        refusing(429, retry_after="2"),
        refusing(500),
        refusing(504),
        DROPPED,
        DROPPED_IN_BODY,
        TRUNCATED,
        EMPTY,
        html_page(),
        saying(b"{}"),
        saying(b"[1]"),
    ]
)


def _expect_reason(said: str, faults: list[Fault]) -> None:
    assert faults
    assert said.startswith("Socrata ")
    assert "\n" not in said


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 30),
    page_size=st.integers(1, 12),
    faults=st.lists(FAULTS, max_size=12),
    ignores_order=st.booleans(),
)
def test_a_pull_is_the_portal_s_records_or_a_clear_error(
    count: int, page_size: int, faults: list[Fault], ignores_order: bool
) -> None:
    rows = crashes(count)
    with tempfile.TemporaryDirectory() as name, SocrataServer(rows) as server:
        folder = Path(name)
        server.faults.extend(faults)
        server.ignores_order = ignores_order
        try:
            pull = download(server, folder, page_size=page_size)
        except (SocrataUnavailableError, SocrataIncompleteError) as failure:
            _expect_reason(str(failure), faults)
            assert list(folder.iterdir()) == []
            return
        assert pull.rows == len(keys_in(folder))
        if pull.is_complete:
            assert keys_in(folder) == keys(rows)
            assert (pull.rows, pull.expected, pull.repeated) == (count, count, ())
        else:
            assert ignores_order
            assert len(set(keys_in(folder))) < count
            assert pull.repeated


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 25),
    page_size=st.integers(1, 8),
    moves=st.lists(st.tuples(st.booleans(), st.integers(0, 24)), min_size=1, max_size=4),
)
@example(count=6, page_size=3, moves=[(False, 0), (True, 6)])  # one comes, is read, and goes
def test_records_that_move_under_a_pull_are_never_called_complete_wrongly(
    count: int, page_size: int, moves: list[tuple[bool, int]]
) -> None:
    """Deletions and insertions between pages; a complete pull is exactly what stands at its end."""
    with tempfile.TemporaryDirectory() as name, SocrataServer(crashes(count)) as server:
        for number, (is_deletion, at) in enumerate(moves):

            def move(is_deletion: bool = is_deletion, at: int = at, number: int = number) -> None:
                if is_deletion:
                    server.rows = [row for n, row in enumerate(server.rows) if n != at]
                else:
                    new = crashes(101 + number, f"2026-05-0{number + 1}T00:00:00.000Z")[-1]
                    server.rows = [*server.rows, new]

            server.faults.append(shifting(move))
        try:
            pull = download(server, Path(name), page_size=page_size)
        except SocrataIncompleteError:
            return
        if pull.is_complete:
            assert keys_in(Path(name)) == keys(server.rows)


@given(st.lists(st.sampled_from([f"row-{n}" for n in range(40)])))
def test_repeated_ids_are_suspected_exactly_when_they_repeat(ids: list[str]) -> None:
    seen = SeenIds()
    seen.add(ids)
    assert seen.suspects() == {hash(name) for name in ids if ids.count(name) > 1}
