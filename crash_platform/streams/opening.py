"""From the settings to an open event log: which client, where, as whom. No client lives here."""

import json

from pydantic import SecretStr

from crash_platform.settings import Settings
from crash_platform.streams.event_hubs import ConnectionString, Entra, EventHubsLog
from crash_platform.streams.event_hubs_access import Access
from crash_platform.streams.hosting import host, is_served
from crash_platform.streams.kafka import KafkaLog, event_hubs_kafka
from crash_platform.streams.log import EventLog, StreamError


def open_log(
    settings: Settings, hub: str, consumer_group: str | None = None, *, hosting: bool = False
) -> EventLog:
    """A hub or topic as the settings say; nothing is connected before it is asked something.

    Args:
        settings: the platform's.
        hub: name of the hub or topic.
        consumer_group: by default the one that lands events.
        hosting: serve the local hub from this process while the log is open, where no
            `crash-platform hub` runs.

    Raises:
        StreamError: the settings do not say where the hub is.
    """
    if settings.hub == "kafka":
        return KafkaLog(hub, kafka_settings(settings))
    group = consumer_group or settings.hub_consumer_group
    if settings.hub == "local" and hosting and not is_served(settings.hub_port):
        return host(settings, hub, group)
    return EventHubsLog(hub, access(settings), consumer_group=group)


def access(settings: Settings) -> Access:
    """Where Event Hubs is and as whom it is entered.

    Raises:
        StreamError: neither a connection string nor a namespace is set.
    """
    if settings.hub == "local":
        from crash_platform.streams.hub import LocalHub

        return ConnectionString(LocalHub(None, {}, settings.hub_port).connection_string())
    if settings.hub_connection is not None:
        return ConnectionString(settings.hub_connection.get_secret_value())
    if settings.hub_namespace:
        return Entra(settings.hub_namespace)
    raise StreamError(
        "CRASH_PLATFORM_HUB is event_hubs, but nothing says which: set "
        "CRASH_PLATFORM_HUB_CONNECTION to a connection string, or CRASH_PLATFORM_HUB_NAMESPACE to "
        "sign in with Entra ID."
    )


def kafka_settings(settings: Settings) -> dict[str, str]:
    """The options of Kafka's client.

    Raises:
        StreamError: neither servers nor a connection string is set, or the options are no object
            of texts.
    """
    if settings.kafka_servers:
        found = {"bootstrap.servers": settings.kafka_servers}
    elif settings.hub_connection is not None:
        found = event_hubs_kafka(settings.hub_connection.get_secret_value())
    else:
        raise StreamError(
            "CRASH_PLATFORM_HUB is kafka, but nothing says which: set "
            "CRASH_PLATFORM_KAFKA_SERVERS to host:port of one or more brokers."
        )
    return found | _more(settings.kafka_options)


def _more(options: SecretStr | None) -> dict[str, str]:
    if options is None:
        return {}
    try:
        found = json.loads(options.get_secret_value())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise StreamError(
            "CRASH_PLATFORM_KAFKA_OPTIONS is not a JSON object of texts, as in "
            '{"security.protocol": "SASL_SSL"}.'
        )
    return found
