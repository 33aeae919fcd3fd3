"""The lake as the settings say it, with the sign-in to Azure where it lies there. No Dagster."""

import time

from crash_platform.lake.location import (
    Location,
    LocationError,
    RenewedOptions,
    azure_options,
)
from crash_platform.lake.store import Store
from crash_platform.settings import Settings


def open_store(settings: Settings) -> Store:
    """The lake of these settings; signs in to Azure where the lake lies there.

    Raises:
        LocationError: the address cannot be used or nobody can sign in.
    """
    root = settings.lake_root
    if "://" not in root:
        return Store(Location(root))
    key, sas = settings.azure_account_key, settings.azure_sas_token
    options = azure_options(
        emulator=settings.azure_emulator,
        account_key=key.get_secret_value() if key else None,
        sas_token=sas.get_secret_value() if sas else None,
        bearer_token=None if settings.azure_emulator or key or sas else entra_token(),
    )
    return Store(Location(root, options))


def open_lasting_store(settings: Settings) -> Store:
    """The lake for a process that lives longer than a sign-in to Azure: it signs in now and then.

    Raises:
        LocationError: the address cannot be used or nobody can sign in.
    """
    store = open_store(settings)
    if store.location.is_local:
        return store
    options = RenewedOptions(lambda: open_store(settings).location.storage_options, time.monotonic)
    return Store(Location(store.location.root, options))


def entra_token() -> str | None:
    """A token for Azure Storage from Entra ID (environment, managed identity, developer sign-in).

    Asked for anew by every run, so that a long-lived process never writes with a stale one.
    ``None`` where the azure extra is not installed.

    Raises:
        LocationError: nobody is signed in.
    """
    try:
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import DefaultAzureCredential
    except ImportError:
        return None
    try:
        with DefaultAzureCredential() as credential:
            token: str = credential.get_token("https://storage.azure.com/.default").token
            return token
    except ClientAuthenticationError as error:
        raise LocationError(
            "Entra ID gives no token for the lake on Azure: sign in (az login), or give this "
            "process a managed identity or a service principal."
        ) from error
