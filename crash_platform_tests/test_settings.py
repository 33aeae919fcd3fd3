import re
from pathlib import Path

import pytest

from crash_platform.settings import Settings, SettingsError, load_settings

CHECKOUT = Path(__file__).resolve().parents[1]


def test_the_example_environment_lists_exactly_the_settings() -> None:
    text = (CHECKOUT / ".env.example").read_text()
    listed = set(re.findall(r"^CRASH_PLATFORM_(\w+)=", text, re.MULTILINE))
    assert listed == {name.upper() for name in Settings.model_fields}


def test_the_lake_lies_in_the_home_unless_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_HOME", str(tmp_path))
    monkeypatch.delenv("CRASH_PLATFORM_LAKE", raising=False)
    assert load_settings().lake_root == str(tmp_path / "lake")
    monkeypatch.setenv("CRASH_PLATFORM_LAKE", "abfss://lake@account.dfs.core.windows.net/crashes/")
    assert load_settings().lake_root == "abfss://lake@account.dfs.core.windows.net/crashes"


def test_a_setting_that_cannot_be_used_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_SOCRATA_PAGE_SIZE", "planted-value")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "CRASH_PLATFORM_SOCRATA_PAGE_SIZE" in str(caught.value)
    assert "planted-value" not in str(caught.value)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRASH_PLATFORM_AZURE_ACCOUNT_KEY", "planted-secret")
    monkeypatch.setenv("CRASH_PLATFORM_SOCRATA_APP_TOKEN", "planted-secret")
    assert "planted-secret" not in repr(load_settings())
    assert "planted-secret" not in load_settings().model_dump_json()
