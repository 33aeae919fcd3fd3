"""What the Event Hubs client says went wrong, as one of the kinds of ``streams.log``.

Its own texts are never passed on: they are long, and not ours to vouch for.
"""

import re
from dataclasses import dataclass

from crash_platform.streams.log import (
    AccessDeniedError,
    LogMissingError,
    LogUnreachableError,
    StreamError,
)

CONDITION = re.compile(r"[a-z][a-z0-9:-]{1,60}")
STATUS = re.compile(r"Status code: (\d{3})")
MISSING = {"not-found", "resource-deleted"}
DENIED = {"unauthorized-access"}
STATUS_DENIED, STATUS_MISSING = {"401", "403"}, {"404"}


@dataclass(frozen=True)
class Place:
    """Which hub, where, and which setting says so; for sentences.

    Attributes:
        hub: its name.
        group: the consumer group that reads it.
        host: of the namespace, with the port where one was given.
        setting: the environment variable that the host came from.
        remedy: what gives rights to a reader or sender that has none.
        is_local: the server is this machine's own hub.
    """

    hub: str
    group: str
    host: str
    setting: str
    remedy: str
    is_local: bool

    def unreachable(self, why: str = "") -> LogUnreachableError:
        """Nobody answers, or no longer; ``why`` in a word or two."""
        because = f" ({why})" if why else ""
        advice = (
            "start it with `crash-platform hub`, or see what that command says"
            if self.is_local
            else f"check the network and {self.setting}, or try again later"
        )
        return LogUnreachableError(
            f"The hub {self.hub} at {self.host} cannot be reached{because}: {advice}."
        )

    def silent(self, seconds: float) -> LogUnreachableError:
        """Somebody answers, but says nothing."""
        return self.unreachable(f"no answer for {seconds:g} seconds")

    def missing(self) -> LogMissingError:
        """The namespace has no such hub, or the hub no such consumer group."""
        return LogMissingError(
            f"There is no hub {self.hub} with a consumer group {self.group} at {self.host}: make "
            f"it there, or correct its name in the settings."
        )

    def denied(self) -> AccessDeniedError:
        """The credentials are not taken, or give no right to this."""
        return AccessDeniedError(
            f"{self.host} refuses access to the hub {self.hub}: {self.remedy}."
        )

    def beyond(self, partition_id: str) -> StreamError:
        """A position is behind the last event."""
        return StreamError(
            f"Partition {partition_id} of the hub {self.hub} at {self.host} ends before the "
            f"position it was to be read from: the hub was made anew, or {self.setting} names "
            "another one; see what it holds with `crash-platform land`."
        )

    def crowded(self) -> LogUnreachableError:
        """The service limits how many read at once."""
        return LogUnreachableError(
            f"The hub {self.hub} at {self.host} takes no further reader of the consumer group "
            f"{self.group}: stop another one, or read with a group of your own."
        )


def client_errors() -> tuple[type[Exception], ...]:
    """What the client raises when a hub, the network or the credentials are to blame.

    ``TimeoutError`` is an ``OSError``.
    """
    from azure.eventhub._pyamqp.error import AMQPException
    from azure.eventhub.exceptions import EventHubError

    return EventHubError, AMQPException, OSError


def sorted_error(error: Exception, place: Place, partition_id: str = "") -> StreamError:
    """The kind of an error that the client raised.

    What is not known is taken for a broken connection: when a server goes away in the middle of
    a frame, the client raises all sorts of things.
    """
    condition = _condition(error)
    status = STATUS.search(str(error))
    code = status.group(1) if status else ""
    if condition in MISSING or code in STATUS_MISSING:
        return place.missing()
    if condition in DENIED or code in STATUS_DENIED:
        return place.denied()
    if condition == "argument-out-of-range":
        return place.beyond(partition_id)
    if condition == "resource-limit-exceeded":
        return place.crowded()
    return place.unreachable(condition or type(error).__name__)


def _condition(error: Exception) -> str:
    """What AMQP calls it, without the part before the colon: ``link:detach-forced``."""
    found = getattr(error, "error", None)
    if found is None and isinstance(condition := getattr(error, "condition", None), bytes):
        found = condition.decode("ascii", "replace").partition(":")[2]
    return found if isinstance(found, str) and CONDITION.fullmatch(found) else ""
