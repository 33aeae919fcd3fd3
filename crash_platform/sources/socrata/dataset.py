"""Which dataset of which portal, and how to ask for it.

Described and checked here, asked for in `client`.
"""

import ipaddress
import math
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from crash_platform.sources.socrata.errors import SocrataSettingError

LARGEST_PAGE = 50_000
_DATASET_ID = re.compile(r"[a-z0-9]{4}-[a-z0-9]{4}")
_PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class SocrataDataset:
    """One dataset of one portal.

    Attributes:
        base_url: The portal, such as `https://data.cityofnewyork.us`; plain http is for this
            machine only.
        dataset_id: The four-by-four id, such as `h9gi-nx95`.
        app_token: Raises the portal's rate limit; optional. Sent as a header, shown nowhere.
        page_size: Rows per request, 1 to 50,000.
        timeout_seconds: Longest silence of the portal before a request counts as lost.

    Raises:
        SocrataSettingError: if any of them cannot work.
    """

    base_url: str
    dataset_id: str
    app_token: SecretStr | None = None
    page_size: int = LARGEST_PAGE
    timeout_seconds: float = 60

    def __post_init__(self) -> None:
        _check_url(self.base_url)
        if not _DATASET_ID.fullmatch(self.dataset_id):
            raise SocrataSettingError(
                f"The Socrata dataset_id is {self.dataset_id!r}; give the two groups of four at "
                "the end of the dataset's address, such as h9gi-nx95."
            )
        if not 1 <= self.page_size <= LARGEST_PAGE:
            raise SocrataSettingError(
                f"The Socrata page_size is {self.page_size}; "
                f"give a number from 1 to {LARGEST_PAGE}."
            )
        if not (math.isfinite(self.timeout_seconds) and self.timeout_seconds > 0):
            raise SocrataSettingError(
                f"The Socrata timeout_seconds is {self.timeout_seconds}; give a number above 0."
            )
        _check_token(self.app_token)

    @property
    def host(self) -> str:
        """The portal's name, for messages."""
        return urlsplit(self.base_url).netloc

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the portal is a loopback address."""
        return _is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def resource_url(self) -> str:
        """Where the records are asked for."""
        return f"{self.base_url.rstrip('/')}/resource/{self.dataset_id}.json"

    def without_token(self, text: str) -> str:
        """`text` fit to be shown: a portal may quote the token it was sent."""
        if self.app_token is None:
            return text
        return text.replace(self.app_token.get_secret_value(), "***")


def _check_url(base_url: str) -> None:
    parts = _split(base_url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise SocrataSettingError(
            "The Socrata base_url is not the address of a portal; "
            "give one such as https://data.cityofnewyork.us."
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise SocrataSettingError(
            f"The Socrata base_url for {parts.hostname} carries a user name, a query or a "
            "fragment; give only the portal's address, such as https://data.cityofnewyork.us."
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise SocrataSettingError(
            f"The Socrata base_url {base_url} is not encrypted; write it with https:// "
            "(plain http is for this machine only)."
        )


def _split(base_url: str) -> SplitResult | None:
    if not _PRINTABLE.fullmatch(base_url):
        return None
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


def _check_token(token: SecretStr | None) -> None:
    # Checked here because an HTTP library quotes a header value it cannot send.
    if token is not None and not _PRINTABLE.fullmatch(token.get_secret_value()):
        raise SocrataSettingError(
            "The Socrata app_token is empty or holds blanks or unprintable characters; "
            "paste it again, or leave it unset."
        )
