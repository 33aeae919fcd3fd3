"""Options of Kafka's client: which the platform sets, and those of Event Hubs. Pure.

What an option is set to by a person comes from the settings.
"""

import re
from collections.abc import Mapping

from crash_platform.streams.log import StreamError

Options = Mapping[str, str]

SERVERS = "bootstrap.servers"

DEFAULTS: Options = {
    "client.id": "crash-platform",
    # Everything below "critical" comes as an error of ours as well, or mends itself.
    "log_level": "2",
    "reconnect.backoff.max.ms": "1000",
}
READING: Options = {
    "group.id": "crash-platform",
    "queued.max.messages.kbytes": "16384",
    "queued.min.messages": "10000",
    # The client's 1000 would halt a reader for a second whenever its queue is full.
    "fetch.queue.backoff.ms": "20",
}
PUBLISHING: Options = {
    # What waits in the client must be sent within the deadline of each message.
    "queue.buffering.max.messages": "20000",
    "queue.buffering.max.kbytes": "32768",
    "topic.metadata.propagation.max.ms": "3000",
    # As clients in Java place keys.
    "partitioner": "murmur2_random",
}
"""What a person may set otherwise."""

OWNED_READING: Options = {
    "enable.auto.commit": "false",
    "enable.auto.offset.store": "false",
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
    "allow.auto.create.topics": "false",
}
OWNED_PUBLISHING: Options = {"enable.idempotence": "true", "allow.auto.create.topics": "false"}
"""What exactly-once landing rests on; nobody may set it otherwise."""

_OWNED = {**OWNED_READING, **OWNED_PUBLISHING, "enable.partition.eof": ""}
_SECRET = re.compile(r"password|secret|key|pem|token|config", re.IGNORECASE)
_HOST = re.compile(r"sb://([A-Za-z0-9.-]+)/?")


def checked(settings: Options) -> Options:
    """The options of a person, if a client can be opened with them.

    Raises:
        StreamError: no servers are named, or an option is the platform's to set.
    """
    if not settings.get(SERVERS, "").strip():
        raise StreamError(
            "No Kafka servers are named: set CRASH_PLATFORM_KAFKA_SERVERS to host:port of one or "
            "more brokers."
        )
    owned = sorted(set(settings) & set(_OWNED))
    if owned:
        raise StreamError(
            f"The Kafka option {owned[0]} is the platform's to set, since landing every event once "
            "rests on it: remove it from CRASH_PLATFORM_KAFKA_OPTIONS."
        )
    return dict(settings)


def event_hubs_kafka(connection_string: str) -> dict[str, str]:
    """The options with which Kafka's client speaks to an Event Hubs namespace (standard tier up).

    Args:
        connection_string: of the namespace, as the portal shows it; it becomes the password.

    Raises:
        StreamError: it is none, or it is the local hub's, which does not speak Kafka.
    """
    parts = dict(part.strip().partition("=")[::2] for part in connection_string.split(";"))
    if parts.get("UseDevelopmentEmulator", "").lower() == "true":
        raise StreamError(
            "The local hub does not speak Kafka: set CRASH_PLATFORM_HUB to local, or "
            "CRASH_PLATFORM_HUB_CONNECTION to the connection string of an Event Hubs namespace."
        )
    host = _HOST.fullmatch(parts.get("Endpoint", ""))
    if host is None or not parts.keys() & {"SharedAccessKey", "SharedAccessSignature"}:
        raise StreamError(
            "CRASH_PLATFORM_HUB_CONNECTION is no connection string of an Event Hubs namespace "
            "(Endpoint=sb://<name>.servicebus.windows.net/;SharedAccessKeyName=...;"
            "SharedAccessKey=...): copy it from the portal whole."
        )
    return {
        SERVERS: f"{host[1].lower()}:9093",
        "security.protocol": "SASL_SSL",
        "sasl.mechanisms": "PLAIN",
        "sasl.username": "$ConnectionString",
        "sasl.password": connection_string.strip(),
        # The service drops connections that were idle for four minutes.
        "connections.max.idle.ms": "180000",
        "metadata.max.age.ms": "180000",
        "socket.keepalive.enable": "true",
    }


def without_secrets(text: str, settings: Options) -> str:
    """A text in which no option that may be a secret is repeated, on one line."""
    secrets = [value for name, value in settings.items() if value and _SECRET.search(name)]
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    # Of an option's value the client says no more than a person needs; the name is enough.
    text = re.sub(r'Invalid value ".*" for', "Invalid value for", text, flags=re.DOTALL)
    return " ".join(text.split())
