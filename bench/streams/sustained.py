"""Minutes of steady reports through the speed layer and a landing every ten seconds.

Does memory stay, does anything fall behind, is anything lost or there twice, do answers stay quick?
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from bench.streams.commits import Scored, scored, sizes
from bench.streams.latency import Moments, after, moments, stages
from bench.streams.places import CHILD, PLATFORM, Place, Running, count_rows, place, quantile
from crash_platform.orchestration.lakes import open_store
from crash_platform.pipelines.reports.feed import STREAM
from crash_platform.pipelines.reports.live.positions import LiveTable
from crash_platform.pipelines.reports.tables import CRASH_EVENTS, LIVE_PREDICTIONS
from crash_platform.streams.landing import Lander
from crash_platform.streams.log import EventLog

RATE, BURST = 500, 10
LOOK_SECONDS = 15.0
DRAIN_SECONDS = 60.0
SETTLING_SECONDS, WARM_SECONDS = 3.0, 10
MOST_GROWTH = 0.10


@dataclass(frozen=True)
class Look:
    """The processes at one moment: memory in MB, share of a processor since the last look, lag."""

    rss: Mapping[str, float]
    cpu: Mapping[str, float]
    hub: int
    unscored: int
    unlanded: int


def sustained(work: Path, champions: str, minutes: float) -> dict[str, object]:
    """Publish for some minutes and look every 15 seconds; prints what is seen."""
    seconds = 60 * minutes
    with ExitStack() as held:
        here, hub = held.enter_context(place(work, champions))
        worker = held.enter_context(here.serving(PLATFORM, "stream", "Scoring"))
        lander = held.enter_context(here.serving(CHILD, "land_on", "landing"))
        log = held.enter_context(closing(here.log()))
        time.sleep(SETTLING_SECONDS)
        sent = str(work / "sent.json")
        publisher = here.start(CHILD, "publish", str(RATE), str(seconds), str(BURST), sent)
        watched = {"hub": hub, "worker": worker, "lander": lander, "publisher": publisher}
        looks = list(looked(here, log, watched))
        paced = publisher.ended().found
        drained = drain(here, log)
        worker.stop()
        lander.stop()
        land_the_rest(here, log)
    print(
        f"\n{paced['events']:,} published in {paced['seconds']:.0f} s; drained in {drained:.1f} s"
    )
    sent_at, made = moments(work / "sent.json"), scored(here.table(LIVE_PREDICTIONS.path))
    return {
        "published": paced["events"],
        "memory": grown(looks),
        "accounts": accounts(here, sent_at),
        "latency_ms": latencies({k: at for k, at in sent_at.items() if k in made}, made),
        "tables": files(here),
    }


def looked(here: Place, log: EventLog, watched: Mapping[str, Running]) -> Iterator[Look]:
    """A look every 15 seconds while the publisher runs; prints a line for each."""
    names = [name for name in watched if name != "publisher"]
    print(
        f"{'':7}" + "".join(f"{name:>18}" for name in watched) + f"{'lag: scored':>14}{'landed':>9}"
    )
    began, before = time.monotonic(), {name: each.cpu() for name, each in watched.items()}
    due = began
    while True:
        due += LOOK_SECONDS
        while time.monotonic() < due:
            time.sleep(0.2)
            if watched["publisher"].has_ended():
                return
        now = {name: each.cpu() for name, each in watched.items()}
        share = {name: (now[name] - before[name]) / LOOK_SECONDS for name in watched}
        rss = {name: each.rss() for name, each in watched.items()}
        before = now
        look = Look({name: rss[name] for name in names}, share, *lags(here, log))
        told = "".join(f"{rss[name]:>9.0f} MB {share[name]:>4.0%} " for name in watched)
        print(f"{due - began:>5.0f} s{told}{look.unscored:>13,}{look.unlanded:>9,}", flush=True)
        yield look


def lags(here: Place, log: EventLog) -> tuple[int, int, int]:
    """What the hub has taken; how much of it is not scored, and not landed."""
    described = log.describe()
    names = [each.partition_id for each in described.partitions]
    taken = sum(each.last + 1 for each in described.partitions)
    store = open_store(here.settings)
    done = LiveTable(lambda: store, time.monotonic).held(described).progress.positions
    landed = lander_of(here, log).progress(described.generation, names).positions
    return taken, taken - reached(done), taken - reached(landed)


def reached(positions: Mapping[str, int]) -> int:
    """How many events lie up to these positions."""
    return sum(position + 1 for position in positions.values())


def lander_of(here: Place, log: EventLog) -> Lander:
    """A lander of this process."""
    return Lander(open_store(here.settings), STREAM, log, lambda: datetime.now(UTC))


def land_the_rest(here: Place, log: EventLog) -> None:
    """Land what the last landing left."""
    lander = lander_of(here, log)
    lander.land(lander.plan(10**9))


def drain(here: Place, log: EventLog) -> float:
    """Wait until all is scored; the seconds.

    Raises:
        SystemExit: that never came.
    """
    began = time.monotonic()
    while (left := lags(here, log)[1]) > 0:
        if time.monotonic() - began > DRAIN_SECONDS:
            raise SystemExit(f"{left:,} reports were still not scored after {DRAIN_SECONDS} s.")
        time.sleep(0.5)
    return time.monotonic() - began


def grown(looks: Sequence[Look]) -> dict[str, dict[str, float]]:
    """Mean memory of each third of the looks; prints whether the last is like the first.

    The second tells a start, in which caches fill, from what goes on growing.
    """
    third = max(len(looks) // 3, 1)
    parts = looks[:third], looks[third:-third] or looks, looks[-third:]
    found = dict[str, dict[str, float]]()
    for name in looks[0].rss:
        first, middle, last = (mean(look.rss[name] for look in part) for part in parts)
        growth = last / first - 1
        verdict = "flat" if growth <= MOST_GROWTH else "GROWING"
        print(f"{name:8}{first:>6.0f}, {middle:.0f}, {last:.0f} MB ({growth:+.0%}): {verdict}")
        found[name] = {"first": first, "middle": middle, "last": last, "growth": growth}
    return {name: {k: round(v, 3) for k, v in each.items()} for name, each in found.items()}


def accounts(here: Place, sent: Moments) -> dict[str, dict[str, int]]:
    """Events lost and events there twice, by table; prints them."""
    found = dict[str, dict[str, int]]()
    for table in (CRASH_EVENTS, LIVE_PREDICTIONS):
        rows, different = count_rows(here, table.path, "event_id")
        lost, twice = len(sent) - different, rows - different
        print(f"{table.path:28}{rows:>9,} rows, {lost} lost, {twice} there twice")
        found[table.path] = {"rows": rows, "lost": lost, "twice": twice}
    return found


def latencies(sent: Moments, made: Mapping[str, Scored]) -> dict[str, object]:
    """The stages, and publish -> committed and what a commit takes, by minute; prints all."""
    print()
    found: dict[str, object] = dict(stages(after(sent, WARM_SECONDS), made, {}))
    late = by_minute(sent, lambda each: made[each].committed - sent[each], 0.99)
    commit = by_minute(sent, lambda each: made[each].committed - made[each].scored, 0.5)
    print(f"by minute, ms: p99 of publish -> committed {late}, p50 of scored -> committed {commit}")
    return {**found, "p99_by_minute": late, "commit_p50_by_minute": commit}


def by_minute(sent: Moments, of: Callable[[str], float], share: float) -> list[int]:
    """A quantile of something, in milliseconds, of the events published in each minute."""
    begin, minutes = min(sent.values()), dict[int, list[float]]()
    for name, at in sent.items():
        minutes.setdefault(int(at - begin) // 60, []).append(1000 * of(name))
    return [round(quantile(values, share)) for _, values in sorted(minutes.items())]


def files(here: Place) -> dict[str, dict[str, int]]:
    """Commits and files of both tables; prints them."""
    found = {}
    for table in (CRASH_EVENTS, LIVE_PREDICTIONS):
        found[table.path] = sizes(here.table(table.path))
        told = ", ".join(
            f"{count:,} {name.replace('_', ' ')}" for name, count in found[table.path].items()
        )
        print(f"{table.path:28}{told}")
    return found
