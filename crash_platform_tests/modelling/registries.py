"""Registries for tests: a fake in memory, and the real one on a copy of an empty database."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from crash_platform.modelling.registry import ModelVersion, Registry, RegistryError

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)


@cache
def empty_database() -> bytes:
    """MLflow's tables without a row; setting them up takes seconds, so once per process."""
    with TemporaryDirectory() as folder:
        assert Registry.in_folder(Path(folder)).client
        with closing(sqlite3.connect(Path(folder) / "mlflow.db")) as database:
            return bytes(database.serialize())


def registry_in(folder: Path) -> Registry:
    """A real registry in a folder, its database already there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mlflow.db").write_bytes(empty_database())
    return Registry.in_folder(folder)


@dataclass
class FakeRegistry:
    """Versions and aliases as ``Registry`` keeps them, in memory."""

    held: dict[str, list[ModelVersion]] = field(default_factory=dict)
    aliases: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, name: str, sha256: str, tags: dict[str, str]) -> ModelVersion:
        """Register a version, which becomes challenger."""
        number = len(self.held.setdefault(name, [])) + 1
        self.held[name].append(ModelVersion(name, number, f"run-{number}", sha256, NOW, tags))
        self.aliases.setdefault(name, {})["challenger"] = number
        return self.version(name, number)

    def versions(self, name: str) -> tuple[ModelVersion, ...]:
        return tuple(self.version(name, each.version) for each in reversed(self.held.get(name, [])))

    def version(self, name: str, number: int) -> ModelVersion:
        for each in self.held.get(name, []):
            if each.version == number:
                held = self.aliases.get(name, {})
                mine = sorted(alias for alias, points_at in held.items() if points_at == number)
                return replace(each, aliases=tuple(mine))
        raise RegistryError(f"The registry holds no version {number} of {name}.")

    def holder(self, name: str, alias: str) -> ModelVersion | None:
        number = self.aliases.get(name, {}).get(alias)
        return None if number is None else self.version(name, number)

    def promote(self, name: str, number: int) -> ModelVersion | None:
        self.version(name, number)
        aliases = self.aliases[name]
        if aliases.get("champion") not in (None, number):
            aliases["previous"] = aliases["champion"]
        aliases["champion"] = number
        if aliases.get("challenger") == number:
            del aliases["challenger"]
        return self.holder(name, "previous")
