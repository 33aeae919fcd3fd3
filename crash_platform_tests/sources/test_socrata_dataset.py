import pytest
from pydantic import SecretStr

from crash_platform.errors import PlatformError
from crash_platform.sources.socrata import SocrataDataset
from crash_platform.sources.socrata.errors import SocrataSettingError

CITY = "https://data.cityofnewyork.us"


@pytest.mark.parametrize(
    "url",
    [
        CITY,
        f"{CITY}/",
        "http://localhost:8080",
        "http://127.0.0.1:9",
        "http://[::1]:9",
        f"{CITY}/mirror",
    ],
)
def test_https_anywhere_and_http_to_this_machine_are_accepted(url: str) -> None:
    dataset = SocrataDataset(url, "h9gi-nx95")
    assert dataset.resource_url == f"{url.rstrip('/')}/resource/h9gi-nx95.json"


@pytest.mark.parametrize(
    "url",
    [
        "http://data.cityofnewyork.us",
        "http://127.0.0.1.example.org",
        "ftp://data.cityofnewyork.us",
        "data.cityofnewyork.us",
        "https://",
        "",
        "https://[::1",
        "https://host:port",
        "https://ho st",
        "https://host\n",
        f"{CITY}?x=1",
        f"{CITY}#x",
    ],
)
def test_any_other_address_is_refused_with_the_setting_s_name(url: str) -> None:
    with pytest.raises(SocrataSettingError, match="base_url"):
        SocrataDataset(url, "h9gi-nx95")


def test_a_password_in_the_address_is_refused_without_repeating_it() -> None:
    with pytest.raises(SocrataSettingError) as refusal:
        SocrataDataset("https://me:pl4nted@data.cityofnewyork.us", "h9gi-nx95")
    assert "pl4nted" not in str(refusal.value)


@pytest.mark.parametrize(
    "dataset_id", ["", "h9gi", "h9gi-nx95.json", "../x-abcd", "H9GI-NX95", "h9gi-nx95\n"]
)
def test_a_dataset_id_that_is_not_four_by_four_is_refused(dataset_id: str) -> None:
    with pytest.raises(SocrataSettingError, match="dataset_id"):
        SocrataDataset(CITY, dataset_id)


@pytest.mark.parametrize("page_size", [1, 50_000])
def test_the_page_size_may_be_1_to_50000(page_size: int) -> None:
    assert SocrataDataset(CITY, "h9gi-nx95", page_size=page_size).page_size == page_size


@pytest.mark.parametrize("page_size", [0, -1, 50_001])
def test_another_page_size_is_refused(page_size: int) -> None:
    with pytest.raises(SocrataSettingError, match="page_size"):
        SocrataDataset(CITY, "h9gi-nx95", page_size=page_size)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(SocrataSettingError, match="timeout_seconds"):
        SocrataDataset(CITY, "h9gi-nx95", timeout_seconds=seconds)


@pytest.mark.parametrize("token", ["", "pl4nted\n", "pl 4nted", "pl4ntéd"])
def test_a_token_that_no_header_can_carry_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(SocrataSettingError, match="app_token") as refusal:
        SocrataDataset(CITY, "h9gi-nx95", SecretStr(token))
    assert not token.strip() or token.strip() not in str(refusal.value)


def test_a_dataset_does_not_show_its_token_and_cannot_be_changed() -> None:
    dataset = SocrataDataset(CITY, "h9gi-nx95", SecretStr("pl4nted"))
    assert "pl4nted" not in f"{dataset} {dataset!r} {vars(dataset)}"
    with pytest.raises(AttributeError):
        dataset.page_size = 1  # type: ignore[misc]


def test_every_refusal_is_an_error_a_person_can_mend() -> None:
    assert issubclass(SocrataSettingError, PlatformError)
