"""The local hub as a process of its own: until it is interrupted, or told to end."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from crash_platform.streams.hub.server import LocalHub


def run(folder: Path, hubs: Mapping[str, int], port: int, say: Callable[[str], None]) -> None:
    """Serve hubs until Ctrl-C or SIGTERM, then close cleanly. For the main thread.

    Args:
        folder: where events are kept.
        hubs: the hubs to have, and how many partitions.
        port: on this machine; 0 takes any that is free.
        say: gets a sentence when clients can connect, the connection string, and a sentence at
            the end.

    Raises:
        HubError: port or folder is in use, or a hub has another number of partitions.
    """
    ended: SimpleQueue[None] = SimpleQueue()  # unlike an Event it may be told by a signal
    with _on_signals(lambda: ended.put(None)), LocalHub(folder, hubs, port) as hub:
        names = ", ".join(f"{name} ({partitions})" for name, partitions in hubs.items())
        say(f"The local hub serves {names or 'no hub'} on port {hub.port}, events in {folder}.")
        say(hub.connection_string())
        ended.get()
    say("The local hub has stopped.")


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Do something instead of dying of a signal to end."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        act()

    asked = (signal.SIGINT, signal.SIGTERM)
    before = {each: signal.signal(each, handle) for each in asked}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
