"""Models in a real MLflow: bytes in are bytes out, aliases move, failures are one sentence."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from pydantic import SecretStr

from crash_platform.modelling import mlflow_runs
from crash_platform.modelling.mlflow_client import shown
from crash_platform.modelling.registry import (
    ModelVersion,
    Registry,
    RegistryError,
    open_registry,
)
from crash_platform.settings import Settings
from crash_platform_tests.modelling.registries import FakeRegistry, registry_in

NAME, COLUMNS = "injury_first_report", ("hour", "latitude", "is_holiday")
CANARY = "planted-secret"


@cache
def booster_bytes() -> bytes:
    import xgboost

    rng = np.random.default_rng(7)
    rows = rng.normal(size=(200, len(COLUMNS))).astype(np.float32)
    matrix = xgboost.DMatrix(rows, rows[:, 0] > 0, feature_names=list(COLUMNS))
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3}, matrix, 5)
    booster.set_attr(crash_platform=json.dumps({"threshold": 0.4}))
    return bytes(booster.save_raw("ubj"))


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return registry_in(tmp_path / "mlflow")


def registered(registry: Registry, **tags: str) -> ModelVersion:
    run_id = registry.start_run("injuries", "first_report", {"partition": "2024-03-01"})
    made = registry.register(NAME, run_id, booster_bytes(), COLUMNS, tags)
    registry.end_run(run_id, "FINISHED")
    return made


def aliases(registry: Registry | FakeRegistry) -> dict[str, int]:
    return {alias: each.version for each in registry.versions(NAME) for alias in each.aliases}


def test_a_model_comes_back_byte_for_byte_with_its_tags(registry: Registry) -> None:
    import hashlib

    made = registered(registry, as_of_date="2024-03-01", auc="0.73")
    assert registry.artefact(made) == booster_bytes()
    assert made.sha256 == hashlib.sha256(booster_bytes()).hexdigest()
    assert made.tags == {"as_of_date": "2024-03-01", "auc": "0.73", "sha256": made.sha256}
    assert (made.version, made.aliases) == (1, ("challenger",))
    assert abs(datetime.now(UTC) - made.created_at) < timedelta(minutes=5)


def test_what_is_stored_is_an_mlflow_model_of_the_xgboost_flavour(registry: Registry) -> None:
    from mlflow.models import Model

    made = registered(registry)
    folder = registry.client.download_artifacts(made.run_id, "model")
    described = Model.load(folder)
    assert described.flavors["xgboost"]["model_class"] == "xgboost.core.Booster"
    assert described.flavors["python_function"]["loader_module"] == "mlflow.xgboost"
    assert described.signature is not None
    assert described.signature.inputs.input_names() == list(COLUMNS)
    assert {each.name for each in Path(folder).iterdir()} == {
        "MLmodel",
        "model.ubj",
        "python_env.yaml",
        "requirements.txt",
    }
    assert "xgboost==" in (Path(folder) / "requirements.txt").read_text()


def test_versions_are_listed_newest_first_with_who_points_at_them(registry: Registry) -> None:
    for day in ("2024-03-01", "2024-03-02", "2024-03-03"):
        registered(registry, as_of_date=day)
    registry.promote(NAME, 2)
    found = [(v.version, v.tags["as_of_date"], v.aliases) for v in registry.versions(NAME)]
    assert found == [
        (3, "2024-03-03", ("challenger",)),
        (2, "2024-03-02", ("champion",)),
        (1, "2024-03-01", ()),
    ]
    assert registry.versions("injury_full_report") == ()
    assert registry.holder("injury_full_report", "champion") is None


def test_all_pages_of_versions_are_read(registry: Registry) -> None:
    for _ in range(5):
        registered(registry)
    assert [v.version for v in replace(registry, page=2).versions(NAME)] == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("kind", ["real", "fake"])
def test_aliases_move_alike_in_the_registry_and_in_its_fake(kind: str, tmp_path: Path) -> None:
    registry: Registry | FakeRegistry
    if kind == "real":
        registry = registry_in(tmp_path)
        for _ in range(3):
            registered(registry)
    else:
        registry = FakeRegistry()
        for _ in range(3):
            registry.add(NAME, "sha", {})
    assert aliases(registry) == {"challenger": 3}
    assert registry.promote(NAME, 1) is None
    assert aliases(registry) == {"challenger": 3, "champion": 1}
    before = registry.promote(NAME, 3)
    assert before is not None
    assert before.version == 1
    assert aliases(registry) == {"previous": 1, "champion": 3}
    registry.promote(NAME, 3)
    assert aliases(registry) == {"previous": 1, "champion": 3}
    with pytest.raises(RegistryError, match=f"no version 9 of {NAME}"):
        registry.promote(NAME, 9)
    assert aliases(registry) == {"previous": 1, "champion": 3}


def test_a_roll_back_swaps_champion_and_previous(registry: Registry) -> None:
    registered(registry)
    registered(registry)
    registry.promote(NAME, 1)
    with pytest.raises(RegistryError, match="no champion before the present one"):
        registry.roll_back(NAME)
    registry.promote(NAME, 2)
    new, old = registry.roll_back(NAME)
    assert (new.version, new.aliases, old.version, old.aliases) == (
        1,
        ("champion",),
        2,
        ("previous",),
    )


def test_tags_of_a_version_change(registry: Registry) -> None:
    registered(registry, gates_passed="false")
    changed = registry.tag(NAME, 1, {"gates_passed": "true", "note": "looked at"})
    assert (changed.tags["gates_passed"], changed.tags["note"]) == ("true", "looked at")


@pytest.mark.parametrize("number", [2, 0, -1])
def test_an_unknown_version_is_one_sentence(registry: Registry, number: int) -> None:
    registered(registry)
    with pytest.raises(RegistryError, match=f"holds no version {number} of {NAME}"):
        registry.version(NAME, number)
    with pytest.raises(RegistryError, match="no version 1 of other"):
        registry.version("other", 1)


def stored_file(registry: Registry, made: ModelVersion) -> Path:
    assert registry.artifact_root is not None
    return next(registry.artifact_root.rglob(f"{made.run_id}/artifacts/model/model.ubj"))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def blow_up(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(100 * 1024**2 + 1)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (flip, "is not the one that was registered"),
        (blow_up, "has 104,857,601 bytes, above 100 MB"),
        (Path.unlink, "is missing"),
    ],
)
def test_a_damaged_artefact_is_refused(
    registry: Registry, damage: Callable[[Path], None], told: str
) -> None:
    made = registered(registry)
    damage(stored_file(registry, made))
    with pytest.raises(RegistryError, match=told) as caught:
        registry.artefact(made)
    assert f"{NAME} 1" in str(caught.value)


def test_a_version_without_a_digest_is_not_taken_for_ours(registry: Registry) -> None:
    made = registered(registry)
    registry.client.delete_model_version_tag(NAME, "1", "sha256")
    with pytest.raises(RegistryError, match="not the one that was registered"):
        registry.artefact(registry.version(NAME, made.version))


def test_too_large_a_model_is_refused_before_it_is_stored(registry: Registry) -> None:
    run_id = registry.start_run("injuries", "first_report", {})
    with pytest.raises(RegistryError, match="100 MB at most"):
        registry.register(NAME, run_id, bytes(100 * 1024**2 + 1), COLUMNS, {})
    assert registry.versions(NAME) == ()


def test_a_run_holds_what_was_logged(registry: Registry, tmp_path: Path) -> None:
    run_id = registry.start_run("injuries", "full_report", {"partition": "2024-03-01"})
    (tmp_path / "roc.png").write_bytes(b"picture")
    registry.log(
        run_id,
        params={f"p{number}": number for number in range(250)},
        metrics={"auc": 0.73},
        tags={"git_revision": "abc"},
        files={"card.md": b"# Card", "charts/roc.png": tmp_path / "roc.png"},
    )
    registry.end_run(run_id, "FAILED")
    run = registry.client.get_run(run_id)
    assert (len(run.data.params), run.data.params["p249"]) == (250, "249")
    assert run.data.metrics == {"auc": 0.73}
    assert run.data.tags["git_revision"] == "abc"
    assert (run.info.status, run.info.run_name) == ("FAILED", "full_report")
    charts = Path(registry.client.download_artifacts(run_id, "charts/roc.png"))
    assert charts.read_bytes() == b"picture"
    assert str(registry.artifact_root) in run.info.artifact_uri
    with pytest.raises(ValueError, match="inside the run"):
        registry.log(run_id, files={"../escape": b""})


def test_a_parameter_with_two_values_is_one_sentence(registry: Registry) -> None:
    run_id = registry.start_run("injuries", "x", {})
    registry.log(run_id, params={"depth": 6})
    with pytest.raises(RegistryError, match="cannot log to the run") as caught:
        registry.log(run_id, params={"depth": 7})
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"not a database at all" * 100, None])
def test_a_file_that_is_no_database_is_told_at_once(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mlflow.db"
    path.mkdir() if content is None else path.write_bytes(content)
    began = time.monotonic()
    with pytest.raises(RegistryError, match=r"database .*mlflow\.db cannot be opened"):
        Registry.in_folder(tmp_path).versions(NAME)
    assert time.monotonic() - began < 5


def test_a_damaged_database_is_one_sentence(registry: Registry) -> None:
    registered(registry)
    path = Path(registry.tracking_uri.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE model_versions")
    with pytest.raises(RegistryError, match="no such table: model_versions") as caught:
        registry.versions(NAME)
    assert len(str(caught.value).splitlines()) == 1


def test_a_database_of_another_release_says_how_to_upgrade_it(tmp_path: Path) -> None:
    registry = registry_in(tmp_path)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
        database.commit()
    with pytest.raises(RegistryError, match="mlflow db upgrade"):
        registry.versions(NAME)


def free_port() -> int:
    with socket.socket() as open_socket:
        open_socket.bind(("127.0.0.1", 0))
        return int(open_socket.getsockname()[1])


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_told_in_seconds_without_its_password() -> None:
    port = free_port()
    registry = Registry(f"http://ada:{CANARY}@127.0.0.1:{port}")
    began = time.monotonic()
    with pytest.raises(RegistryError) as caught:
        registry.versions(NAME)
    assert time.monotonic() - began < 15
    assert str(caught.value) == (
        f"MLflow at http://127.0.0.1:{port} cannot look up {NAME}: it does not answer; start it, "
        "or correct CRASH_PLATFORM_MLFLOW_TRACKING_URI."
    )
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY not in repr(registry)


def test_addresses_are_shown_without_credentials() -> None:
    assert shown(f"https://ada:{CANARY}@host:8080/path?token={CANARY}") == "https://host:8080/path"
    assert shown(f"postgresql://ada:{CANARY}@db/mlflow") == "postgresql://db/mlflow"
    assert shown("sqlite:////home/a@b/mlflow.db") == "sqlite:////home/a@b/mlflow.db"


def test_the_registry_lies_in_the_home_unless_a_server_is_named(tmp_path: Path) -> None:
    local = open_registry(Settings(home=tmp_path, mlflow_tracking_uri=None))
    assert local.tracking_uri == f"sqlite:///{tmp_path}/mlflow/mlflow.db"
    assert local.artifact_root == tmp_path / "mlflow" / "artifacts"
    named = SecretStr(f"https://ada:{CANARY}@host")
    remote = open_registry(Settings(home=tmp_path, mlflow_tracking_uri=named))
    assert (remote.tracking_uri, remote.artifact_root) == (f"https://ada:{CANARY}@host", None)
    assert CANARY not in repr(Settings(mlflow_tracking_uri=named))


def test_importing_the_registry_does_not_import_mlflow() -> None:
    code = "import sys, crash_platform.modelling.registry; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert "mlflow" not in vars(mlflow_runs)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A real ``mlflow server`` on loopback that keeps the artefacts itself."""
    registry_in(folder)
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "served")]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment, start_new_session=True
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 90
    while time.monotonic() < ends:
        assert process.poll() is None
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    raise AssertionError("the server did not start")


@pytest.mark.slow
def test_a_server_keeps_a_model_and_mlflow_scores_with_it(tmp_path: Path) -> None:
    import xgboost

    with server(tmp_path / "server") as address:
        registry = Registry(address)
        made = registered(registry, as_of_date="2024-03-01")
        assert registry.artefact(made) == booster_bytes()
        assert registry.promote(NAME, 1) is None
        assert aliases(registry) == {"champion": 1}
        with pytest.raises(RegistryError, match="holds no version 2"):
            registry.version(NAME, 2)
        rows = {"columns": list(COLUMNS), "data": [[17.0, 40.7, 0.0], [3.0, None, 1.0]]}
        (tmp_path / "rows.json").write_text(json.dumps({"dataframe_split": rows}))
        said = _scored_by_mlflow(address, tmp_path / "rows.json")
    booster = xgboost.Booster(model_file=bytearray(booster_bytes()))
    matrix = np.asarray(rows["data"], np.float32)
    assert said == pytest.approx(booster.inplace_predict(matrix).tolist())


def _scored_by_mlflow(address: str, rows: Path) -> list[float]:
    """Predictions of MLflow's own scoring code, asked for by alias from a fresh process."""
    command = [sys.executable, "-m", "mlflow", "models", "predict", "--env-manager", "local"]
    command += ["-m", f"models:/{NAME}@champion", "-i", str(rows), "-t", "json"]
    environment = os.environ | {"MLFLOW_TRACKING_URI": address, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith('{"predictions"'))
    said: list[float] = json.loads(line)["predictions"]
    return said


@pytest.mark.slow
def test_processes_that_begin_at_once_make_one_database_together(tmp_path: Path) -> None:
    begin = "import sys; from crash_platform_tests.modelling.registries import registry_in; "
    look = "from pathlib import Path; print(registry_in(Path(sys.argv[1])).holder('x', 'champion'))"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", begin + look, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120) for process in both]
    assert [out for out, _ in said] == ["None\n"] * 2, said
    assert [process.returncode for process in both] == [0, 0]
