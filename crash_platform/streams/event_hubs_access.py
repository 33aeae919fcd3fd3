"""How an Event Hubs namespace is reached: by a connection string, or through Entra ID.

Clients are made here and connect to nothing until they are used.
"""

import logging
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from crash_platform.streams.log import AccessDeniedError, StreamError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.eventhub import EventHubConsumerClient, EventHubProducerClient

SCOPE = "https://eventhubs.azure.net//.default"
CONNECTION, NAMESPACE = "CRASH_PLATFORM_HUB_CONNECTION", "CRASH_PLATFORM_HUB_NAMESPACE"


class Access(Protocol):
    """A way to reach a namespace."""

    @property
    def host(self) -> str:
        """The namespace's host, with a port where one is given."""

    @property
    def setting(self) -> str:
        """The environment variable that names it."""

    @property
    def remedy(self) -> str:
        """What gives rights to who has none."""

    @property
    def is_local(self) -> bool:
        """Whether this machine's own hub is meant."""

    def sign_in(self) -> None:
        """Make sure that there is something to show to the server.

        Raises:
            AccessDeniedError: there is not.
        """

    def consumer(self, hub: str, group: str, **options: Any) -> "EventHubConsumerClient":
        """A client to read a hub with."""

    def producer(self, hub: str, **options: Any) -> "EventHubProducerClient":
        """A client to publish to a hub with."""


@dataclass(frozen=True)
class ConnectionString:
    """Access by the connection string of a namespace or a hub; its text is never shown.

    Raises:
        StreamError: it is none.
    """

    text: str = field(repr=False)
    host: str = field(init=False)
    setting: str = field(default=CONNECTION, init=False)
    remedy: str = field(
        default=f"check the key in {CONNECTION} and its rights (Send, Listen)", init=False
    )
    is_local: bool = field(init=False)

    def __post_init__(self) -> None:
        named = _named(self.text)
        host = urlsplit(named.get("endpoint", "")).netloc
        has_key = named.get("sharedaccesskeyname") and named.get("sharedaccesskey")
        if not host or not (has_key or named.get("sharedaccesssignature")):
            raise StreamError(
                f"The setting {CONNECTION} is no connection string of Event Hubs: it has to read "
                "Endpoint=sb://<namespace>.servicebus.windows.net/;SharedAccessKeyName=...;"
                "SharedAccessKey=...."
            )
        object.__setattr__(self, "host", host)
        object.__setattr__(self, "is_local", named.get("usedevelopmentemulator") == "true")

    def sign_in(self) -> None:
        """Nothing to do: the key is in the text."""

    def consumer(self, hub: str, group: str, **options: Any) -> "EventHubConsumerClient":
        """A client to read a hub with."""
        from azure.eventhub import EventHubConsumerClient

        keep_quiet()
        return EventHubConsumerClient.from_connection_string(
            self.text.strip(), group, eventhub_name=hub, **options
        )

    def producer(self, hub: str, **options: Any) -> "EventHubProducerClient":
        """A client to publish to a hub with."""
        from azure.eventhub import EventHubProducerClient

        keep_quiet()
        return EventHubProducerClient.from_connection_string(
            self.text.strip(), eventhub_name=hub, **options
        )


@dataclass(frozen=True)
class Entra:
    """Access through Entra ID, without any key.

    Args:
        namespace: ``<name>.servicebus.windows.net``.
        credential: whose rights are used; without it those of the environment, the managed
            identity or who has signed in, in azure-identity's order.
        use_tls: False only for this machine's own hub.

    Raises:
        StreamError: no namespace is named.
    """

    namespace: str
    credential: "TokenCredential | None" = field(default=None, repr=False)
    use_tls: bool = True
    setting: str = field(default=NAMESPACE, init=False)
    remedy: str = field(
        default="give the identity the role Azure Event Hubs Data Owner, or Data Sender and Data "
        "Receiver, there",
        init=False,
    )

    def __post_init__(self) -> None:
        if not self.host:
            raise StreamError(
                f"The setting {NAMESPACE} is empty: name the Event Hubs namespace, as "
                "<name>.servicebus.windows.net."
            )

    @property
    def host(self) -> str:
        """The namespace, without scheme and slashes."""
        return self.namespace.strip().removeprefix("sb://").rstrip("/")

    @property
    def is_local(self) -> bool:
        """Whether this machine's own hub is meant."""
        return not self.use_tls

    def sign_in(self) -> None:
        """Ask for a token; azure-identity keeps it for the clients.

        Raises:
            AccessDeniedError: Entra ID gives none.
        """
        from azure.core.exceptions import AzureError

        try:
            self._credential.get_token(SCOPE)
        except AzureError:
            # Without its cause: that text lists what was tried, over a page.
            raise AccessDeniedError(
                f"Entra ID gave no token for {self.host}: sign in with `az login`, or set the "
                "AZURE_* variables of a service principal or a managed identity."
            ) from None

    def consumer(self, hub: str, group: str, **options: Any) -> "EventHubConsumerClient":
        """A client to read a hub with."""
        from azure.eventhub import EventHubConsumerClient

        keep_quiet()
        return EventHubConsumerClient(
            self.host, hub, group, self._credential, use_tls=self.use_tls, **options
        )

    def producer(self, hub: str, **options: Any) -> "EventHubProducerClient":
        """A client to publish to a hub with."""
        from azure.eventhub import EventHubProducerClient

        keep_quiet()
        return EventHubProducerClient(
            self.host, hub, self._credential, use_tls=self.use_tls, **options
        )

    @cached_property
    def _credential(self) -> "TokenCredential":
        if self.credential is not None:
            return self.credential
        try:
            from azure.identity import DefaultAzureCredential
        except ImportError:
            raise StreamError(
                f"{NAMESPACE} asks for Entra ID, which needs azure-identity: pip install "
                f"'crash-platform[azure]', or set {CONNECTION} instead."
            ) from None
        credential: TokenCredential = DefaultAzureCredential()
        return credential


def _named(text: str) -> dict[str, str]:
    """The parts of a connection string by their names in lower case; none where it is not one."""
    parts = [part.partition("=") for part in text.strip().strip(";").split(";")]
    named = {name.strip().lower(): value.strip() for name, _, value in parts}
    return named if len(named) == len(parts) and all(sign for _, sign, _ in parts) else {}


def keep_quiet() -> None:
    """Keep the client's warnings off the screen of who has set up no logging.

    What they tell comes to us as exceptions as well. Whoever has set up logging still gets them.
    """
    logger = logging.getLogger("azure.eventhub")
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
