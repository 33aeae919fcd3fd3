"""Dagster's settings on Azure: the project's own, and compute logs in Blob Storage."""

import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml  # type: ignore[import-untyped]

from crash_platform_tests.lake.azurite import ACCOUNT, KEY, VARIABLE, azurite, configured

pytest.importorskip("dagster_azure", reason="needs the azure extra")

ROOT = Path(__file__).resolve().parents[2]
HERE, ON_AZURE = ROOT / "dagster.yaml", ROOT / "infra" / "azure" / "dagster.yaml"
SUFFIX = "core.localhost"


def loaded(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dagster home with the settings for Azure and the variables they name."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CRASH_PLATFORM_AZURE_LOG_ACCOUNT", ACCOUNT)
    monkeypatch.setenv("CRASH_PLATFORM_AZURE_LOG_CONTAINER", "logs")
    (tmp_path / "home").mkdir()
    shutil.copyfile(ON_AZURE, tmp_path / "home" / "dagster.yaml")
    return tmp_path / "home"


def test_only_the_compute_logs_differ_from_the_settings_at_home() -> None:
    on_azure = loaded(ON_AZURE)
    assert on_azure.pop("compute_logs")
    assert on_azure == loaded(HERE)


def test_dagster_takes_the_settings_and_signs_in_with_entra(home: Path) -> None:
    from dagster_azure.blob import AzureBlobComputeLogManager

    with dg.DagsterInstance.from_config(str(home)) as instance:
        manager = instance.compute_log_manager
        assert isinstance(manager, AzureBlobComputeLogManager)
        assert manager.upload_interval == 30
        assert type(manager._blob_client.credential).__name__ == "DefaultAzureCredential"


def test_no_secret_can_stand_in_the_settings() -> None:
    config = loaded(ON_AZURE)["compute_logs"]["config"]
    assert not {"access_key_or_sas_token", "secret_credential"} & set(config)
    assert all(set(config[name]) == {"env"} for name in ("storage_account", "container"))


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for the account's address, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    host = f"{ACCOUNT}.blob.{SUFFIX}"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(
        now + timedelta(days=1)
    )
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    kind, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, kind, no_password))
    return paths


@pytest.fixture
def account(
    tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A storage account under its own name with TLS, as the compute logs insist on; its suffix."""
    executable = configured()
    if not executable:
        pytest.skip(f"needs Azurite: set {VARIABLE} to what .ci/azurite FOLDER prints")
    looked_up: Callable[..., Any] = socket.getaddrinfo

    def known(host: Any, *rest: Any, **options: Any) -> Any:
        return looked_up("127.0.0.1" if str(host).endswith(SUFFIX) else host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", known)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    options = ["--cert", str(certificate[0]), "--key", str(certificate[1])]
    with azurite(executable, tmp_path / "blobs", *options) as url:
        yield f"{SUFFIX}:{url.rpartition(':')[2]}"


@pytest.mark.azurite
def test_what_a_run_prints_is_in_the_account(home: Path, account: str) -> None:
    from dagster_azure.blob import create_blob_client

    settings = loaded(ON_AZURE)
    config = settings["compute_logs"]["config"]
    del config["default_azure_credential"]  # Azurite has no Entra ID
    config |= {"access_key_or_sas_token": KEY, "endpoint_suffix": account}
    (home / "dagster.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")

    @dg.op
    def speak() -> None:
        print("crashes counted", flush=True)

    @dg.job
    def spoken() -> None:
        speak()

    with create_blob_client(ACCOUNT, KEY, account) as client:
        container = client.create_container("logs")
        with dg.DagsterInstance.from_config(str(home)) as instance:
            assert spoken.execute_in_process(instance=instance).success
        texts = {
            blob.name: container.download_blob(blob.name).readall()
            for blob in container.list_blobs()
        }
    printed = [name for name, text in texts.items() if b"crashes counted" in text]
    assert [name.startswith("crash_platform/storage/") for name in printed] == [True]
