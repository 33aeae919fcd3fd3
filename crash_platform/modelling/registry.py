"""Models in MLflow: registered byte for byte, found, checked, and pointed at by aliases.

Which model deserves to be champion is decided elsewhere; what a model predicts is not asked here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from crash_platform.modelling.boosting import LARGEST, digest
from crash_platform.modelling.mlflow_client import RegistryError, reaching, unless
from crash_platform.modelling.mlflow_model import MODEL_FILE, write_model
from crash_platform.modelling.mlflow_runs import Runs
from crash_platform.settings import Settings

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion as MlflowVersion

__all__ = ["ModelVersion", "Registry", "RegistryError", "open_registry"]

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"
SHA256 = "sha256"
MODEL_FOLDER = "model"

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ModelVersion:
    """A registered model: its number, the run that made it, and who points at it."""

    name: str
    version: int
    run_id: str
    sha256: str
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registry(Runs):
    """The registered models of one MLflow, beside its runs.

    Attributes:
        page: how many versions are asked for at once.
    """

    page: int = field(default=1000, repr=False)

    def register(
        self,
        name: str,
        run_id: str,
        artefact: bytes,
        columns: Sequence[str],
        tags: Mapping[str, str],
    ) -> ModelVersion:
        """Log a native XGBoost model (UBJSON) to a run, register it, and make it ``challenger``.

        The bytes are stored as they are; MLflow's scoring server takes the columns as floats.

        Raises:
            RegistryError: MLflow refuses, or the artefact is larger than 100 MB.
        """
        if len(artefact) > LARGEST:
            raise RegistryError(f"A {name} of {len(artefact):,} bytes is refused: 100 MB at most.")
        with TemporaryDirectory(prefix="mlflow_") as folder:
            write_model(Path(folder), artefact, columns, self.clock())
            self.log_folder(run_id, Path(folder), MODEL_FOLDER)
        client, all_tags = self.client, {**tags, SHA256: digest(artefact)}
        with reaching(self.tracking_uri, f"register {name}"):
            if _unless_missing(lambda: client.get_registered_model(name)) is None:
                unless("RESOURCE_ALREADY_EXISTS", lambda: client.create_registered_model(name))
            made = client.create_model_version(
                name, f"runs:/{run_id}/{MODEL_FOLDER}", run_id=run_id, tags=all_tags
            )
            client.set_registered_model_alias(name, CHALLENGER, str(made.version))
        return self.version(name, int(made.version))

    def tag(self, name: str, number: int, tags: Mapping[str, str]) -> ModelVersion:
        """Add tags to a version, or change them."""
        self.version(name, number)
        client = self.client
        with reaching(self.tracking_uri, f"tag {name} {number}"):
            for key, value in tags.items():
                client.set_model_version_tag(name, str(number), key, value)
        return self.version(name, number)

    def versions(self, name: str) -> tuple[ModelVersion, ...]:
        """Every version, the newest first; none for a name that nothing is registered under."""
        held = self._aliases(name)
        found = [_version(each, held) for each in self._pages(name)]
        return tuple(sorted(found, key=lambda each: each.version, reverse=True))

    def version(self, name: str, number: int) -> ModelVersion:
        """One version.

        Raises:
            RegistryError: there is none of that number.
        """
        client = self.client
        with reaching(self.tracking_uri, f"look up {name} {number}"):
            found = (
                _unless_missing(lambda: client.get_model_version(name, str(number)))
                if number > 0
                else None
            )
        if found is None:
            raise RegistryError(f"The registry holds no version {number} of {name}.")
        return _version(found, self._aliases(name))

    def holder(self, name: str, alias: str) -> ModelVersion | None:
        """The version an alias points at, or ``None``."""
        number = self._aliases(name).get(alias)
        return None if number is None else self.version(name, number)

    def artefact(self, version: ModelVersion) -> bytes:
        """The bytes that were registered.

        Raises:
            RegistryError: they are gone, larger than 100 MB, or not those of the recorded SHA-256.
        """
        client, label = self.client, f"{version.name} {version.version}"
        path = f"{MODEL_FOLDER}/{MODEL_FILE}"
        with (
            reaching(self.tracking_uri, f"give out the artefact of {label}"),
            TemporaryDirectory(prefix="mlflow_") as folder,
        ):
            listed = client.list_artifacts(version.run_id, MODEL_FOLDER)
            size = next((each.file_size for each in listed if each.path == path), None)
            if size is None or size > LARGEST:
                what = "is missing" if size is None else f"has {size:,} bytes, above 100 MB"
                raise RegistryError(f"The artefact of {label} {what}: train the model again.")
            content = Path(client.download_artifacts(version.run_id, path, folder)).read_bytes()
        if digest(content) != version.sha256:
            raise RegistryError(
                f"The artefact of {label} is not the one that was registered (its SHA-256 "
                "differs): do not use it, restore it or train the model again."
            )
        return content

    def promote(self, name: str, number: int) -> ModelVersion | None:
        """Make a version ``champion`` and the champion so far ``previous``; the latter.

        Promoting the champion changes nothing but a leftover ``challenger``; killed halfway, it is
        completed by doing it again.

        Raises:
            RegistryError: there is no such version.
        """
        self.version(name, number)
        client, held = self.client, self._aliases(name)
        with reaching(self.tracking_uri, f"promote {name} {number}"):
            if held.get(CHAMPION) not in (None, number):
                client.set_registered_model_alias(name, PREVIOUS, str(held[CHAMPION]))
            if held.get(CHAMPION) != number:
                client.set_registered_model_alias(name, CHAMPION, str(number))
            if held.get(CHALLENGER) == number:
                client.delete_registered_model_alias(name, CHALLENGER)
        return self.holder(name, PREVIOUS)

    def roll_back(self, name: str) -> tuple[ModelVersion, ModelVersion]:
        """Swap champion and previous; the new champion and the old one.

        Raises:
            RegistryError: there is no champion, or no other one before it.
        """
        champion, previous = self.holder(name, CHAMPION), self.holder(name, PREVIOUS)
        if champion is None or previous is None or champion.version == previous.version:
            raise RegistryError(f"{name} has no champion before the present one to go back to.")
        self.promote(name, previous.version)
        return self.version(name, previous.version), self.version(name, champion.version)

    def _aliases(self, name: str) -> dict[str, int]:
        client = self.client
        with reaching(self.tracking_uri, f"look up {name}"):
            model = _unless_missing(lambda: client.get_registered_model(name))
        return {} if model is None else {key: int(held) for key, held in model.aliases.items()}

    def _pages(self, name: str) -> Iterator["MlflowVersion"]:
        client, token = self.client, None
        while True:
            with reaching(self.tracking_uri, f"list the versions of {name}"):
                page = client.search_model_versions(
                    f"name = '{name}'", max_results=self.page, page_token=token
                )
            yield from page
            token = page.token
            if not token:
                return


def open_registry(settings: Settings) -> Registry:
    """The registry of these settings: their server, or a file in the platform's home."""
    uri = settings.mlflow_tracking_uri
    return Registry(uri.get_secret_value()) if uri else Registry.in_folder(settings.mlflow_folder)


def _version(found: "MlflowVersion", aliases: Mapping[str, int]) -> ModelVersion:
    number = int(found.version)
    return ModelVersion(
        name=found.name,
        version=number,
        run_id=found.run_id or "",
        sha256=found.tags.get(SHA256, ""),
        created_at=datetime.fromtimestamp(found.creation_timestamp / 1000, UTC),
        tags=dict(found.tags),
        aliases=tuple(sorted(alias for alias, held in aliases.items() if held == number)),
    )


def _unless_missing(ask: Callable[[], Answer]) -> Answer | None:
    return unless("RESOURCE_DOES_NOT_EXIST", ask)
