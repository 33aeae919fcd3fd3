"""Runs in MLflow: started, ended, and what is written down in them.

No run is ever made the active one of the process. Registered models are next door, in ``registry``.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from crash_platform.modelling.mlflow_client import SQLITE, connect, reaching, unless

if TYPE_CHECKING:
    from typing import Self

    from mlflow import MlflowClient

BATCH = 100
Item = TypeVar("Item")


@dataclass(frozen=True)
class Runs:
    """The runs of one MLflow; opened by the first question.

    Attributes:
        tracking_uri: a server, or a database such as ``sqlite:///...``; may hold credentials.
        artifact_root: folder of the files of new experiments; ``None`` leaves it to the server.
        clock: tells the moment a model folder is written.
    """

    tracking_uri: str = field(repr=False)
    artifact_root: Path | None = None
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), repr=False)

    @classmethod
    def in_folder(cls, folder: Path) -> "Self":
        """MLflow without a server: a SQLite file and the artefacts beside it."""
        return cls(f"{SQLITE}{folder / 'mlflow.db'}", folder / "artifacts")

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow's own client of this address; 5 s for the first in a process, import included."""
        return connect(self.tracking_uri)

    def start_run(self, experiment: str, name: str, tags: Mapping[str, str]) -> str:
        """Start a run, without making it the active one of this process; its id."""
        client = self.client
        with reaching(self.tracking_uri, f"start the run {name}"):
            run = client.create_run(self.experiment_id(experiment), tags=dict(tags), run_name=name)
        return str(run.info.run_id)

    def end_run(self, run_id: str, status: str) -> None:
        """End a run as ``FINISHED``, ``FAILED`` or ``KILLED``."""
        client = self.client
        with reaching(self.tracking_uri, f"end the run {run_id}"):
            client.set_terminated(run_id, status)

    def experiment_id(self, name: str) -> str:
        """The id of an experiment, which is made (with our artifact root) if it is missing."""
        client, root = self.client, self.artifact_root
        with reaching(self.tracking_uri, f"open the experiment {name}"):
            found = client.get_experiment_by_name(name)
            if found is not None:
                return str(found.experiment_id)
            location = (root / name).absolute().as_uri() if root else None
            created = unless(
                "RESOURCE_ALREADY_EXISTS",
                lambda: client.create_experiment(name, artifact_location=location),
            )
        return created if created is not None else self.experiment_id(name)

    def log(
        self,
        run_id: str,
        *,
        params: Mapping[str, object] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
        files: Mapping[str, bytes | Path] | None = None,
    ) -> None:
        """Write down parameters, metrics, tags, and files by their path in the run's artefacts.

        Raises:
            RegistryError: MLflow refuses, as for a parameter that is logged with another value.
        """
        from mlflow.entities import Metric, Param, RunTag

        client, moment = self.client, int(self.clock().timestamp() * 1000)
        with reaching(self.tracking_uri, f"log to the run {run_id}"):
            for some in _batches([Metric(k, v, moment, 0) for k, v in (metrics or {}).items()]):
                client.log_batch(run_id, metrics=some)
            for chosen in _batches([Param(k, str(v)) for k, v in (params or {}).items()]):
                client.log_batch(run_id, params=chosen)
            for named in _batches([RunTag(k, v) for k, v in (tags or {}).items()]):
                client.log_batch(run_id, tags=named)
        if files:
            with TemporaryDirectory(prefix="mlflow_") as folder:
                _lay_out(Path(folder), files)
                self.log_folder(run_id, Path(folder), None)

    def log_folder(self, run_id: str, folder: Path, path: str | None) -> None:
        """Add the files of a folder to a run's artefacts, at a path among them."""
        client = self.client
        with reaching(self.tracking_uri, f"store the files of the run {run_id}"):
            client.log_artifacts(run_id, str(folder), path)


def _batches(items: Sequence[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while some := list(islice(rest, BATCH)):
        yield some


def _lay_out(folder: Path, files: Mapping[str, bytes | Path]) -> None:
    for name, content in files.items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"an artefact is named by a path inside the run, not {name!r}")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            shutil.copyfile(content, target)
