"""What the address of a link names: a node of the server, a hub, a partition, a group."""

import re
from dataclasses import dataclass

CBS, MANAGEMENT = "$cbs", "$management"
_SCHEME_AND_HOST = re.compile(r"^[a-z]+://[^/]*/", re.IGNORECASE)
_PUBLISH = re.compile(r"([^/]+)(?:/partitions/([^/]+))?/?", re.IGNORECASE)
_CONSUME = re.compile(r"([^/]+)/consumergroups/([^/]+)/partitions/([^/]+)/?", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """The hub, and the partition and consumer group where the address has them."""

    hub: str
    partition: str | None = None
    group: str | None = None


def path(address: str) -> str:
    """An address without scheme and host."""
    return _SCHEME_AND_HOST.sub("", address).lstrip("/")


def publisher(address: str) -> Address | None:
    """Where a publisher's events go, or None where the address is none of a publisher's."""
    found = _PUBLISH.fullmatch(path(address))
    return Address(found[1], found[2]) if found else None


def reader(address: str) -> Address | None:
    """What a reader reads, or None where the address is none of a reader's."""
    found = _CONSUME.fullmatch(path(address))
    return Address(found[1], found[3], found[2]) if found else None


def node(address: str) -> str | None:
    """The server's own node of that address, if it is one."""
    name = path(address).lower()
    return name if name in (CBS, MANAGEMENT) else None
