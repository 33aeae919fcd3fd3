"""`crash-platform stream`: the worker that scores live reports as they come.

Parsing and wiring only; what the worker does is in ``pipelines.reports.live``.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from crash_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from crash_platform.pipelines.injuries.answering import ChampionWatch
    from crash_platform.pipelines.reports.live.account import Account, Tell
    from crash_platform.pipelines.reports.live.desk import Desk, Stop
    from crash_platform.streams.log import EventLog

SLICE_SECONDS = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM)
OpenLog = Callable[[Settings, str, str], "EventLog"]


@dataclass
class StopAsked:
    """Whether somebody asked to stop.

    Not ``threading.Event``: a signal that comes while the main thread is about to wait for one
    would wait for that thread's own lock.
    """

    is_asked: bool = False

    def set(self) -> None:
        """Ask to stop."""
        self.is_asked = True

    def is_set(self) -> bool:
        """Whether somebody asked."""
        return self.is_asked

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds, or until somebody asks; whether somebody did."""
        until = time.monotonic() + timeout
        while not self.is_asked and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, SLICE_SECONDS))
        return self.is_asked


@dataclass(frozen=True)
class Asked:
    """What a person asks of the worker."""

    from_now: bool = False
    once: bool = False
    accept_loss: bool = False
    accept_new_hub: bool = False


def stream(
    from_now: Annotated[
        bool, typer.Option("--from-now", help="Skip the reports that wait already.")
    ] = False,
    once: Annotated[
        bool, typer.Option("--once", help="End when all that waits at the start is scored.")
    ] = False,
    accept_loss: Annotated[
        bool,
        typer.Option("--accept-loss", help="Go on although retention took unscored reports."),
    ] = False,
    accept_new_hub: Annotated[
        bool,
        typer.Option("--accept-new-hub", help="Read a hub that was made anew from its start."),
    ] = False,
) -> None:
    """Score live reports of crashes as they come, until stopped with Ctrl-C."""
    from crash_platform.orchestration.runs import instance_at
    from crash_platform.pipelines.reports.live.telling import teller
    from crash_platform.streams.opening import open_log

    settings, asked = load_settings(), Asked(from_now, once, accept_loss, accept_new_hub)
    stop = StopAsked()
    with stopping(stop), instance_at(settings.dagster_home) as instance:
        score(settings, asked, stop, open_log, teller(instance))


def score(
    settings: Settings, asked: Asked, stop: "Stop", open_log: OpenLog, tell: "Tell"
) -> "Account":
    """Score the reports of the settings' hub until told to stop; what was done.

    Raises:
        PlatformError: the hub, the lake or the settings have to be put right first.
    """
    from crash_platform.commands.loading import say
    from crash_platform.modelling.registry import open_registry
    from crash_platform.pipelines.injuries.answering import ChampionWatch
    from crash_platform.pipelines.injuries.words import load_words
    from crash_platform.pipelines.reports.live.worker import Worker
    from crash_platform.streams.planning import Accepting

    group = settings.live_consumer_group
    with ExitStack() as held:
        log = open_log(settings, settings.crash_hub, group)
        held.callback(log.close)
        watch = held.enter_context(ChampionWatch(open_registry(settings), load_words(), say))
        desk = _desk(settings, log, watch, tell, stop)
        accepting = Accepting(asked.accept_loss, asked.accept_new_hub)
        return Worker(desk, group, accepting, asked.from_now, asked.once).run()


def _desk(
    settings: Settings, log: "EventLog", watch: "ChampionWatch", tell: "Tell", stop: "Stop"
) -> "Desk":
    from crash_platform.commands.loading import say
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.reports.live.desk import Desk
    from crash_platform.pipelines.reports.live.places import locator
    from crash_platform.pipelines.reports.live.positions import LiveTable
    from crash_platform.pipelines.reports.live.reading import reader

    return Desk(
        log=log,
        table=LiveTable(lambda: open_store(settings), time.monotonic),
        answerer=watch.answerer,
        read=reader(locator()),
        say=say,
        tell=tell,
        clock=lambda: datetime.now(UTC),
        timer=time.monotonic,
        stop=stop,
    )


@contextmanager
def stopping(stop: StopAsked) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask to stop; the second of a kind ends the process as ever."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def ask(number: int, frame: FrameType | None) -> None:
        del frame
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in SIGNALS:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
