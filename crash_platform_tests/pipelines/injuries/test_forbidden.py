import ast
from pathlib import Path

import numpy as np
import pytest

import crash_platform
from crash_platform.lake.store import Store
from crash_platform.pipelines.injuries.examples import TrainingRefusedError
from crash_platform.pipelines.injuries.forbidden import OUTCOME, forbidden_columns
from crash_platform.pipelines.injuries.gate import LEAKS
from crash_platform_tests.pipelines.injuries.small_lake import small_lake
from crash_platform_tests.pipelines.injuries.small_model import small_rows

CODE = Path(crash_platform.__file__).parent
MODULE = "crash_platform.pipelines.injuries.forbidden"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return small_lake(tmp_path_factory.mktemp("forbidden"))


def test_what_only_the_outcome_tells_belongs_to_its_crash(store: Store) -> None:
    rows, count = small_rows(), np.arange(len(small_rows().labels))
    outcome = forbidden_columns(store, rows).outcome
    assert outcome.names == ("any_pedestrians_injured", "any_cyclists_injured")
    np.testing.assert_array_equal(outcome.matrix[:, 0], rows.labels & (count % 3 == 0))
    np.testing.assert_array_equal(outcome.matrix[:, 1], rows.labels & (count % 3 == 1))


def test_traces_say_how_a_report_was_filed(store: Store) -> None:
    rows = small_rows()
    traces = forbidden_columns(store, rows).traces
    by_name = dict(zip(traces.names, traces.matrix.T, strict=True))
    assert np.isnan(by_name["minute"][0]), "the first crash has no time"
    assert (by_name["minute"][1:][rows.labels[1:]] > 0).all()
    assert by_name["cross_street_filled"][:6].tolist() == [1, 0, 0, 0, 0, 1]
    assert by_name["off_street_filled"][:4].tolist() == [1, 0, 1, 0]
    assert by_name["vehicles_missing"].sum() == 0
    latitude = rows.matrix[:, rows.encoder.columns.index("latitude")]
    np.testing.assert_array_equal(by_name["coordinates_missing"], np.isnan(latitude))


def test_crashes_that_vanished_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefusedError, match=r"no longer has 3 of the crashes"):
        forbidden_columns(small_lake(tmp_path, leave_out=3), small_rows())


def test_only_the_experiments_import_what_is_forbidden() -> None:
    assert [module for module in modules() if MODULE in imported(CODE / module)] == [
        "pipelines/injuries/experiments.py"
    ]


def test_nothing_else_about_the_model_names_the_injured() -> None:
    naming = [
        module
        for module in modules()
        if module.startswith("pipelines/injuries/")
        and any(name in (CODE / module).read_text() for name in OUTCOME)
    ]
    assert naming == ["pipelines/injuries/forbidden.py"]


def test_the_gate_would_refuse_every_forbidden_column(store: Store) -> None:
    known = forbidden_columns(store, small_rows())
    absences = {"vehicles_missing", "coordinates_missing"}
    for name in {*known.traces.names, *known.outcome.names} - absences:
        assert any(part in name for part in LEAKS)


def modules() -> list[str]:
    return sorted(path.relative_to(CODE).as_posix() for path in CODE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules a file imports, however it spells it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found
