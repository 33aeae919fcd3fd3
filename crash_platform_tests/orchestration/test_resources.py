"""The lake and the engine as resources: what they need, and that no secret enters a config."""

import sys
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.lake.location import LocationError
from crash_platform.orchestration.lakes import open_store
from crash_platform.orchestration.resources import EngineResource, LakeResource
from crash_platform.settings import Settings

ADDRESS = "abfss://lake@account.dfs.core.windows.net/root"
CANARY = "Q2FuYXJ5U2VjcmV0"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LAKE", "AZURE_EMULATOR", "AZURE_ACCOUNT_KEY", "AZURE_SAS_TOKEN"):
        monkeypatch.delenv(f"CRASH_PLATFORM_{name}", raising=False)


def test_a_folder_needs_no_sign_in(tmp_path: Path) -> None:
    store = LakeResource(root=str(tmp_path)).store()
    assert (store.location.root, store.location.is_local) == (str(tmp_path), True)
    assert not store.location.storage_options


def test_a_lake_is_where_the_resource_says_and_not_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_LAKE", str(tmp_path / "another"))
    assert LakeResource(root=str(tmp_path / "this")).store().location.root == str(tmp_path / "this")


@pytest.mark.parametrize(
    ("variable", "option"),
    [
        ("CRASH_PLATFORM_AZURE_ACCOUNT_KEY", "azure_storage_account_key"),
        ("CRASH_PLATFORM_AZURE_SAS_TOKEN", "azure_storage_sas_token"),
    ],
)
def test_a_secret_comes_from_the_environment_and_shows_nowhere(
    monkeypatch: pytest.MonkeyPatch, variable: str, option: str
) -> None:
    monkeypatch.setenv(variable, CANARY)
    resource = LakeResource(root=ADDRESS)
    store = resource.store()
    assert store.location.storage_options == {option: CANARY}
    shown = [repr(resource), resource.model_dump_json(), repr(store), str(store.location)]
    assert all(CANARY not in text for text in shown)


def test_the_emulator_is_used_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_AZURE_EMULATOR", "true")
    options = LakeResource(root=ADDRESS).store().location.storage_options
    assert options == {"azure_storage_use_emulator": "true"}


def test_without_a_key_and_without_the_azure_extra_people_are_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(LocationError, match="install the azure extra"):
        open_store(Settings(lake=ADDRESS))


def test_a_lake_somewhere_else_is_refused() -> None:
    with pytest.raises(LocationError, match="neither a folder nor an abfss:// address"):
        open_store(Settings(lake="s3://bucket/lake", azure_account_key=SecretStr(CANARY)))


def test_the_default_engine_is_duckdb_within_its_memory() -> None:
    engine = EngineResource(memory_limit="123MB").open()
    assert isinstance(engine, DuckDBEngine)
    assert engine.memory_limit == "123MB"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(ValidationError):
        EngineResource(engine="pandas")
