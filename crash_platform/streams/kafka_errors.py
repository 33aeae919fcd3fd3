"""From the errors of Kafka's client to the kinds of this platform, each one sentence. Pure.

When an error ends a read is said where it is read.
"""

import builtins
import re
from dataclasses import dataclass
from typing import Protocol

from crash_platform.streams.kafka_settings import SERVERS, Options, without_secrets
from crash_platform.streams.log import (
    AccessDeniedError,
    LogMissingError,
    LogUnreachableError,
    PositionGoneError,
    Range,
    StreamError,
)

DENIED = frozenset(
    {
        "_AUTHENTICATION",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "TOPIC_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
    }
)
MISSING = frozenset(
    {
        "UNKNOWN_TOPIC_OR_PART",
        "UNKNOWN_TOPIC_ID",
        "TOPIC_EXCEPTION",
        "_UNKNOWN_TOPIC",
        "_UNKNOWN_PARTITION",
    }
)
TOO_LARGE = frozenset({"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_MSG_SIZE"})
TRANSIENT = frozenset(
    {
        "_TRANSPORT",
        "_ALL_BROKERS_DOWN",
        "_RESOLVE",
        "_SSL",
        "_TIMED_OUT",
        "_TIMED_OUT_QUEUE",
        "_MSG_TIMED_OUT",
        "_WAIT_COORD",
        "_NOENT",  # "no leaders found": the client says so while a partition has none
        "BROKER_NOT_AVAILABLE",
        "COORDINATOR_LOAD_IN_PROGRESS",
        "COORDINATOR_NOT_AVAILABLE",
        "LEADER_NOT_AVAILABLE",
        "NETWORK_EXCEPTION",
        "NOT_COORDINATOR",
        "NOT_LEADER_FOR_PARTITION",
        "FENCED_LEADER_EPOCH",
        "UNKNOWN_LEADER_EPOCH",
        "OFFSET_NOT_AVAILABLE",
        "REPLICA_NOT_AVAILABLE",
        "KAFKA_STORAGE_ERROR",
        "REQUEST_TIMED_OUT",
        "NOT_ENOUGH_REPLICAS",
        "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    }
)
NEEDLESS = frozenset({"GROUP_AUTHORIZATION_FAILED"})
"""What the client asks for without being told to: a reader here belongs to no group."""

_LONGEST_REASON = 300


class ClientError(Protocol):
    """What is used of ``confluent_kafka.KafkaError``."""

    def name(self) -> builtins.str:
        """Its code, as a word."""

    def str(self) -> builtins.str:
        """What happened, in the client's words."""


@dataclass
class Troubles:
    """What the threads of a client report while its calls only go on waiting.

    Attributes:
        denied: the last refusal of the credentials, if there was one.
        last: the last report that says more than "all brokers are down".
    """

    denied: ClientError | None = None
    last: ClientError | None = None

    def __call__(self, error: ClientError) -> None:
        """Note a report; the client's ``error_cb``."""
        if error.name() in DENIED:
            self.denied = error
        if error.name() != "_ALL_BROKERS_DOWN":
            self.last = error

    def forget(self) -> None:
        """Begin anew: what was refused before may have been put right since.

        The last report stays, as a reason to give: the client does not repeat each.
        """
        self.denied = None


@dataclass(frozen=True)
class Wording:
    """The sentences about one topic."""

    topic: str
    settings: Options
    deadline: float

    def __repr__(self) -> str:
        return f"Wording({self.topic!r})"

    @property
    def _place(self) -> str:
        return self.settings[SERVERS]

    def of(self, error: ClientError) -> StreamError:
        """The kind of an error that ends what was asked."""
        name = error.name()
        if name in DENIED:
            return self.denied(error)
        if name in MISSING:
            return self.missing()
        if name in TOO_LARGE:
            return self.too_large()
        if name in TRANSIENT:
            return self.unreachable(error)
        return StreamError(
            f"Kafka at {self._place} failed on the topic {self.topic} ({self._reason(error)}): "
            "look at the broker's log."
        )

    def denied(self, error: ClientError) -> AccessDeniedError:
        """The credentials were refused."""
        return AccessDeniedError(
            f"Kafka at {self._place} refused access to the topic {self.topic} "
            f"({self._reason(error)}): correct the sign-in in CRASH_PLATFORM_KAFKA_OPTIONS, with "
            "Event Hubs CRASH_PLATFORM_HUB_CONNECTION."
        )

    def missing(self) -> LogMissingError:
        """There is no such topic."""
        return LogMissingError(
            f"Kafka at {self._place} has no topic {self.topic}: create it, or correct its name in "
            "the settings."
        )

    def late(self, error: ClientError | None) -> StreamError:
        """Nobody answered in time, and the last thing the client reported."""
        return self.denied(error) if error and error.name() in DENIED else self.unreachable(error)

    def unreachable(self, error: ClientError | None) -> LogUnreachableError:
        """Nobody answered in time."""
        reason = f" ({self._reason(error)})" if error else ""
        return LogUnreachableError(
            f"Kafka at {self._place} did not answer for the topic {self.topic} within "
            f"{self.deadline:g} s{reason}: start it, or correct CRASH_PLATFORM_KAFKA_SERVERS."
        )

    def too_large(self) -> StreamError:
        """An event is larger than the client sends or the topic takes."""
        return StreamError(
            f"An event is larger than the topic {self.topic} takes: make it smaller, or raise the "
            "topic's max.message.bytes and message.max.bytes in CRASH_PLATFORM_KAFKA_OPTIONS."
        )

    def silent(self, wanted: Range) -> LogUnreachableError:
        """A range stopped coming."""
        return LogUnreachableError(
            f"Kafka at {self._place} sent nothing of {self._told(wanted)} for {self.deadline:g} s "
            "though it is there: try again, and look at the broker if it stays so."
        )

    def gone(self, wanted: Range, first: int) -> PositionGoneError:
        """Retention was faster."""
        return PositionGoneError(
            f"Retention has removed the beginning of {self._told(wanted)}, which now begins at "
            f"{first}: what is missing cannot be had again; plan anew."
        )

    def beyond(self, wanted: Range, end: int) -> StreamError:
        """The partition is shorter than it was."""
        return StreamError(
            f"Kafka at {self._place} has nothing of {self._told(wanted)}, the partition ends "
            f"before {end}: the topic was made anew or lost its end; plan anew."
        )

    def _told(self, wanted: Range) -> str:
        return (
            f"the range ({wanted.after}, {wanted.until}] of partition {wanted.partition_id} of the "
            f"topic {self.topic}"
        )

    def _reason(self, error: ClientError) -> str:
        text = without_secrets(error.str() or error.name(), self.settings)
        return re.sub(r" \(after \d+ms in state \w+\)", "", text)[:_LONGEST_REASON]
