"""How far bronze and the live scores are behind their hubs: asked of each hub, briefly.

Nothing is read from a hub but what it holds, and nothing is written anywhere.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime

from crash_platform.errors import PlatformError
from crash_platform.lake.store import Store
from crash_platform.pipelines.reports.live.positions import LiveTable
from crash_platform.pipelines.reports.tables import CRASH_EVENTS
from crash_platform.serving.dashboards.keeping import Kept
from crash_platform.settings import Settings
from crash_platform.streams.landing import Lander
from crash_platform.streams.log import Description, EventLog
from crash_platform.streams.opening import open_log
from crash_platform.streams.planning import Accepting, EventsLostError, Progress, plan
from crash_platform.streams.tables import Stream

DEADLINE_SECONDS = 2.0
"""How long a page waits for the hubs."""
KEPT_SECONDS = 5.0

Describe = Callable[[], Sequence["StreamState"]]
OpenStore = Callable[[], Store]
OpenLog = Callable[[Settings, str], EventLog]


@dataclass(frozen=True)
class PartitionState:
    """A partition of a hub, and how far it was read; -1 stands for no position yet.

    Attributes:
        partition_id: as the hub calls it.
        newest: position of the newest event in the hub.
        landed: last position that is in bronze or among the dead letters.
        to_land: positions in the hub that are not.
        to_score: positions in the hub that the live scores do not hold; ``None`` where the stream
            is not scored.
    """

    partition_id: str
    newest: int
    landed: int
    to_land: int
    to_score: int | None


@dataclass(frozen=True)
class StreamState:
    """A stream's hub at a moment.

    Attributes:
        stream: its name.
        partitions: in the hub's order; none where it could not be asked.
        problem: why it could not, or why its events cannot be landed; "" for neither.
    """

    stream: str
    partitions: tuple[PartitionState, ...]
    problem: str = ""


class HubWatch:
    """The states of some streams, each asked in its own thread and kept for a few seconds.

    Args:
        asks: gives a stream's state, by its name.
        deadline: seconds within which a hub has to answer; one that does not says nothing.
        seconds: for which states are kept.
        timer: tells seconds.
    """

    def __init__(
        self,
        asks: Mapping[str, Callable[[], StreamState]],
        deadline: float = DEADLINE_SECONDS,
        seconds: float = KEPT_SECONDS,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deadline = deadline
        self._kept = {name: Kept(ask, seconds, timer) for name, ask in asks.items()}

    def __call__(self) -> tuple[StreamState, ...]:
        """The states in the order of the streams; what went wrong is said in them."""
        answers = {name: kept.answer() for name, kept in self._kept.items()}
        wait(answers.values(), self._deadline)
        return tuple(self._told(name, answer) for name, answer in answers.items())

    def _told(self, name: str, answer: "Future[StreamState]") -> StreamState:
        if not answer.done():
            return StreamState(name, (), f"Its hub has not answered within {self._deadline:g} s.")
        try:
            return answer.result()
        except PlatformError as error:
            return StreamState(name, (), str(error))


def stream_states(
    settings: Settings,
    streams: Iterable[Stream],
    open_store: OpenStore,
    opening: OpenLog = open_log,
) -> HubWatch:
    """What watches the hubs of the settings.

    Args:
        settings: name the hubs and how they are reached.
        streams: those to ask about.
        open_store: opens the lake, signing in where it must.
        opening: opens a hub.
    """

    def asking(stream: Stream) -> Callable[[], StreamState]:
        return lambda: state_of(
            stream, open_store(), lambda: opening(settings, stream.hub(settings))
        )

    return HubWatch({stream.name: asking(stream) for stream in streams})


def state_of(stream: Stream, store: Store, opening: Callable[[], EventLog]) -> StreamState:
    """A stream's state now.

    Raises:
        StreamError: the hub cannot be asked, or it is not the hub that was read so far.
        LakeError: the lake cannot be read.
    """
    log = opening()
    try:
        held = log.describe()
        names = [each.partition_id for each in held.partitions]
        landed = Lander(store, stream, log, _now).progress(held.generation, names)
    finally:
        log.close()
    to_land, problem = _lag(held, landed)
    to_score = _unscored(stream, held, store)
    parts = (
        PartitionState(
            each.partition_id,
            each.last,
            landed.positions.get(each.partition_id, -1),
            to_land[each.partition_id],
            to_score.get(each.partition_id),
        )
        for each in held.partitions
    )
    return StreamState(stream.name, tuple(parts), problem)


def _lag(held: Description, progress: Progress) -> tuple[Mapping[str, int], str]:
    """Positions to read by partition; and what is wrong, where retention was quicker."""
    try:
        return plan(held, progress, 1).lag, ""
    except EventsLostError as error:
        return plan(held, progress, 1, Accepting(loss=True)).lag, str(error)


def _unscored(stream: Stream, held: Description, store: Store) -> Mapping[str, int]:
    if stream.table != CRASH_EVENTS:
        return {}
    scored = LiveTable(lambda: store, time.monotonic).held(held)
    # Scoring says itself where it cannot go on; here it only counts what waits.
    return plan(held, scored.progress, 1, Accepting(loss=True, new_hub=True)).lag


def _now() -> datetime:
    return datetime.now(UTC)
