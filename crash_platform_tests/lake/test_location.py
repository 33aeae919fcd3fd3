"""Which addresses a lake may have, and how people sign in to one on Azure."""

import pytest

from crash_platform.lake.location import (
    Location,
    LocationError,
    RenewedOptions,
    azure_options,
)

CANARY = "CanarySignature"
NOBODY = {"account_key": None, "sas_token": None, "bearer_token": None}


@pytest.mark.parametrize(
    "root",
    [
        "/data/a lake",
        "/data/größer, 100",
        "abfss://lake@account.dfs.core.windows.net/root",
        "az://c/p",
    ],
)
def test_a_folder_and_an_azure_address_are_taken(root: str) -> None:
    assert Location(root).of("silver/crashes") == f"{root}/silver/crashes"


@pytest.mark.parametrize("character", list("[]^|%\\"))
def test_a_folder_that_delta_tables_cannot_have_is_refused(character: str) -> None:
    with pytest.raises(LocationError, match="set CRASH_PLATFORM_LAKE"):
        Location(f"/data/x{character}20y")


@pytest.mark.parametrize(
    "root", ["s3://bucket/lake", "file:///data", "https://a.blob.core.windows.net/lake"]
)
def test_another_kind_of_address_is_refused(root: str) -> None:
    with pytest.raises(LocationError, match="neither a folder nor an abfss:// address"):
        Location(root)


def test_an_azure_path_with_a_blank_is_refused() -> None:
    with pytest.raises(LocationError, match="letters, digits"):
        Location("abfss://lake@account.dfs.core.windows.net/a b")


@pytest.mark.parametrize(
    "root",
    [
        f"abfss://lake@a.dfs.core.windows.net/r?sv=2024&sig={CANARY}",
        f"abfss://lake:{CANARY}@a.dfs.core.windows.net/r",
        f"https://a.blob.core.windows.net/lake?sig={CANARY}",
    ],
)
def test_a_signature_in_the_address_is_refused_without_being_repeated(root: str) -> None:
    with pytest.raises(LocationError, match="keep keys and tokens out") as refusal:
        Location(root)
    assert CANARY not in str(refusal.value)


def test_secrets_do_not_show_in_a_location() -> None:
    assert CANARY not in repr(Location("az://c/p", {"azure_storage_account_key": CANARY}))


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ("account_key", "azure_storage_account_key"),
        ("sas_token", "azure_storage_sas_token"),
        ("bearer_token", "azure_storage_token"),
    ],
)
def test_each_way_to_sign_in_is_one_option(given: str, option: str) -> None:
    assert azure_options(emulator=False, **{**NOBODY, given: "x"}) == {option: "x"}


def test_the_emulator_needs_no_secret() -> None:
    assert azure_options(emulator=True, **NOBODY) == {"azure_storage_use_emulator": "true"}


def test_without_any_way_to_sign_in_people_are_told_what_to_set() -> None:
    with pytest.raises(LocationError, match="CRASH_PLATFORM_AZURE_ACCOUNT_KEY"):
        azure_options(emulator=False, **NOBODY)


def test_a_sign_in_is_kept_for_ten_minutes_and_then_made_anew() -> None:
    now, tokens = [0.0], iter(["first", "second"])
    options = RenewedOptions(lambda: {"azure_storage_token": next(tokens)}, lambda: now[0])
    assert (dict(options), len(options)) == ({"azure_storage_token": "first"}, 1)
    now[0] = 599.0
    assert options["azure_storage_token"] == "first"
    now[0] = 600.0
    assert dict(options) == {"azure_storage_token": "second"}


def test_a_sign_in_that_fails_is_told_and_tried_again() -> None:
    answers: list[dict[str, str] | None] = [None, {"azure_storage_token": "new"}]

    def ask() -> dict[str, str]:
        found = answers.pop(0)
        if found is None:
            raise LocationError("Nobody is signed in.")
        return found

    options = RenewedOptions(ask, lambda: 0.0)
    with pytest.raises(LocationError, match="Nobody is signed in"):
        dict(options)
    assert dict(options) == {"azure_storage_token": "new"}
