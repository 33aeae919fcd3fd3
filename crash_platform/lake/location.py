"""Where the lake is: a folder or an abfss:// address, and what delta-rs needs to reach it."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from crash_platform.errors import PlatformError

REMOTE_SCHEMES = frozenset({"abfs", "abfss", "az"})
REMOTE_PATH = re.compile(r"[A-Za-z0-9_.=/-]*")
UNUSABLE = re.compile(r"[][^|%]" if os.sep == "\\" else r"[][^|%\\]")
"""What delta-rs cannot have in a local path: it fails, or takes ``%20`` for a blank."""


class LocationError(PlatformError):
    """The lake's address cannot be used."""


class RenewedOptions(Mapping[str, str]):
    """Storage options that are asked for anew now and then: a sign-in to Azure ends after an hour.

    Args:
        ask: signs in; what it raises reaches whoever reads the options.
        timer: seconds that only grow.
        seconds: after which it is asked again.
    """

    def __init__(
        self,
        ask: Callable[[], Mapping[str, str]],
        timer: Callable[[], float],
        seconds: float = 600.0,
    ) -> None:
        self._ask, self._timer, self._seconds = ask, timer, seconds
        self._lock = Lock()
        self._held: Mapping[str, str] = {}
        self._until: float | None = None

    def __getitem__(self, name: str) -> str:
        """One option."""
        return self._options()[name]

    def __iter__(self) -> Iterator[str]:
        """The names of the options."""
        return iter(self._options())

    def __len__(self) -> int:
        """How many options there are."""
        return len(self._options())

    def _options(self) -> Mapping[str, str]:
        with self._lock:
            now = self._timer()
            if self._until is None or now >= self._until:
                self._held, self._until = self._ask(), now + self._seconds
            return self._held


@dataclass(frozen=True)
class Location:
    """The root of a lake and the storage options of delta-rs (secrets: kept out of ``repr``)."""

    root: str
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if "://" in self.root:
            _check_address(self.root)
        elif found := UNUSABLE.search(self.root):
            raise LocationError(
                f"The lake's folder {self.root} has a {found[0]} in its path, which Delta tables "
                "cannot have: set CRASH_PLATFORM_LAKE to another folder."
            )

    @property
    def is_local(self) -> bool:
        """Whether the tables lie in a folder of this machine."""
        return "://" not in self.root

    def of(self, path: str) -> str:
        """The address of a table, e.g. ``silver/crashes``."""
        return f"{self.root}/{path}"


def _check_address(root: str) -> None:
    parts = urlsplit(root)
    # Before anything is quoted: a signature pasted with the address must not reach a log.
    if parts.query or parts.fragment or parts.password:
        raise LocationError(
            "The lake's address carries more than container, account and path: keep keys and "
            "tokens out of CRASH_PLATFORM_LAKE, in CRASH_PLATFORM_AZURE_SAS_TOKEN for example."
        )
    if parts.scheme not in REMOTE_SCHEMES:
        raise LocationError(
            f"The lake {root} is neither a folder nor an abfss:// address: "
            "set CRASH_PLATFORM_LAKE to one of them."
        )
    if not REMOTE_PATH.fullmatch(parts.path):
        raise LocationError(
            f"The lake {root} has a path with other characters than letters, digits, - _ . = and "
            "/: set CRASH_PLATFORM_LAKE to another one."
        )


def azure_options(
    *, emulator: bool, account_key: str | None, sas_token: str | None, bearer_token: str | None
) -> dict[str, str]:
    """Storage options of delta-rs for ADLS Gen2; exactly one way to sign in.

    Azurite is reached in emulator mode only: with an explicit endpoint delta-rs 1.6 misreads
    Azurite's listings and the third commit fails.
    """
    if emulator:
        return {"azure_storage_use_emulator": "true"}
    if account_key:
        return {"azure_storage_account_key": account_key}
    if sas_token:
        return {"azure_storage_sas_token": sas_token}
    if bearer_token:
        return {"azure_storage_token": bearer_token}
    raise LocationError(
        "No way to sign in to the lake on Azure: set CRASH_PLATFORM_AZURE_ACCOUNT_KEY or "
        "CRASH_PLATFORM_AZURE_SAS_TOKEN, or install the azure extra and sign in with Entra ID."
    )
