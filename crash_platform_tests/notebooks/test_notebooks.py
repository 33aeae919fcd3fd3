"""The notebooks as people find them: clean, and running from the first cell to the last."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crash_platform_tests.notebooks.notebook_home import notebook_home

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
RUNNER = Path(__file__).with_name("running.py")
CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LARGEST = 20_000
CRASHES = 224 + 312 + 274 + 268
"""Records of the packaged year from 30 January to 2 February 2022, counted in its file."""
CELL_KEYS = {
    "markdown": {"cell_type", "id", "metadata", "source"},
    "code": {"cell_type", "id", "metadata", "source", "execution_count", "outputs"},
}
Shown = dict[str, dict[str, Any]]


def run(paths: list[Path], home: Path) -> subprocess.CompletedProcess[str]:
    """Run notebooks in a process of their own, every warning an error."""
    environment = {key: v for key, v in os.environ.items() if not key.startswith("CRASH_PLATFORM_")}
    return subprocess.run(
        [sys.executable, "-W", "error", str(RUNNER), *map(str, paths)],
        cwd=NOTEBOOKS[0].parent,
        env=environment | {"CRASH_PLATFORM_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    home = tmp_path_factory.mktemp("home")
    notebook_home(home)
    done = run(NOTEBOOKS, home)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return {Path(path).stem: cells for path, cells in json.loads(done.stdout).items()}


def rows(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(frame["columns"], row, strict=True)) for row in frame["data"]]


@pytest.mark.slow
def test_the_crashes_are_those_of_the_lake(shown: Shown) -> None:
    cells = shown["01_crashes"]
    coverage = dict(zip(cells["coverage"]["index"], cells["coverage"]["data"], strict=True))
    assert coverage["first_day"] == ["2022-01-30T00:00:00.000"]
    assert coverage["days"] == [4]
    assert coverage["days_missing_between"] == [0]
    assert coverage["crashes"] == [CRASHES]
    assert sum(row["crashes"] for row in rows(cells["boroughs"])) == CRASHES


@pytest.mark.slow
def test_the_champion_is_the_one_of_the_ledger_and_answers_a_report(shown: Shown) -> None:
    cells = shown["02_model"]
    assert cells["figures"]["columns"] == ["first_report"]
    assert rows(cells["comparison"])[0]["auc"] == 0.75
    assert re.fullmatch(
        r"\d+% \(first_report, version 1\); called an injury crash from \d+% on: (yes|no)\n",
        cells["report"],
    )


@pytest.mark.slow
def test_live_reports_and_what_they_turned_out_to_be_are_told_apart(shown: Shown) -> None:
    cells = shown["03_live_and_quality"]
    now = rows(cells["now"])
    assert [(row["is_final"], row["is_simulated"], row["crashes"]) for row in now] == [
        (False, True, 1)
    ]
    (accuracy,) = rows(cells["accuracy"])
    assert (accuracy["predictions"], accuracy["labelled"], accuracy["hits"]) == (5, 4, 1)
    assert (accuracy["injuries_expected"], accuracy["brier"]) == (2.0, 0.125)
    assert rows(cells["refused"]) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_output_and_in_the_format_it_names(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text) < LARGEST
    book = json.loads(text)
    assert book.keys() == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"].keys() == {"display_name", "language", "name"}
    ids = [cell["id"] for cell in book["cells"]]
    assert all(map(CELL_ID.fullmatch, ids))
    assert len(set(ids)) == len(ids)
    for cell in book["cells"]:
        assert cell.keys() == CELL_KEYS[cell["cell_type"]]
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert book["cells"][0]["source"][0].startswith("# ")


def test_there_are_three_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["01_crashes", "02_model", "03_live_and_quality"]


def test_a_cell_that_fails_or_warns_is_named(tmp_path: Path) -> None:
    def code(name: str, text: str) -> dict[str, Any]:
        return {"cell_type": "code", "id": name, "source": [text]}

    said = {"cell_type": "markdown", "id": "said", "source": ["# Said"]}
    warns = "import warnings; warnings.warn('odd')"
    for text, told in (("1 / 0", "ZeroDivisionError"), (warns, "UserWarning: odd")):
        path = tmp_path / "broken.ipynb"
        cells = [said, code("fine", "a = 1"), code("bad", text), code("never", "print('on')")]
        path.write_text(json.dumps({"cells": cells}))
        done = run([path], tmp_path)
        assert done.returncode == 1
        assert done.stdout == ""
        last = done.stderr.splitlines()[-1]
        assert last.startswith("broken.ipynb, cell 3 (bad): ")
        assert told in last
