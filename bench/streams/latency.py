"""From a publisher to the committed prediction, stage by stage, at 50 events a second.

Beside it the bare client's own delivery to a callback, of the same events in the same run.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.streams.commits import Scored, scored
from bench.streams.places import CHILD, PLATFORM, Place, Running, place, quantile
from crash_platform.pipelines.reports.tables import LIVE_PREDICTIONS

RATE, SECONDS, WARM_SECONDS = 50, 60, 5
SETTLING_SECONDS = 5.0
PREFETCHES = (300, 1)
"""Of the bare client: its default, with which it waits for so many or a pause of 0.2 s; and one."""
Moments = Mapping[str, float]


def latency(work: Path, champions: str) -> Mapping[str, object]:
    """Publish, score and receive at once; prints a line for each stage."""
    seconds = SECONDS + WARM_SECONDS
    with (
        place(work, champions) as (here, _),
        here.serving(PLATFORM, "stream", "Scoring") as worker,
    ):
        idle = idling(worker)
        followers = [follower(here, prefetch, RATE * seconds) for prefetch in PREFETCHES]
        time.sleep(SETTLING_SECONDS)
        before = worker.cpu()
        here.run("publish", str(RATE), str(seconds), "1", str(work / "sent.json"))
        busy = (worker.cpu() - before) / seconds
        for each in followers:
            each.ended()
        await_rows(here, RATE * seconds)
        made = scored(here.table(LIVE_PREDICTIONS.path))
    print(
        f"{RATE} events/s for {SECONDS} s; worker at {busy:.0%} of a processor, {idle:.0%} idle\n"
    )
    received = {each: moments(work / f"received_{each}.json") for each in PREFETCHES}
    sent = after(moments(work / "sent.json"), WARM_SECONDS)
    return {"worker": busy, "idle": idle, **stages(sent, made, received)}


def idling(worker: Running) -> float:
    """The share of a processor that the worker takes while nothing comes."""
    time.sleep(SETTLING_SECONDS)
    before = worker.cpu()
    time.sleep(SETTLING_SECONDS)
    return (worker.cpu() - before) / SETTLING_SECONDS


def follower(here: Place, prefetch: int, count: int) -> Running:
    """The bare client, following as one group of its own."""
    written = str(here.home.parent / f"received_{prefetch}.json")
    return here.start(CHILD, "follow", str(count), str(prefetch), written)


def moments(file: Path) -> Moments:
    """When what happened to each event: seconds since 1970."""
    found: dict[str, float] = json.loads(file.read_text())
    return found


def await_rows(here: Place, count: int, seconds: float = 30.0) -> None:
    """Wait until so many rows were appended.

    Raises:
        SystemExit: they never were.
    """
    until = time.monotonic() + seconds
    while (got := len(scored(here.table(LIVE_PREDICTIONS.path)))) < count:
        if time.monotonic() > until:
            raise SystemExit(f"Only {got:,} of {count:,} reports were scored.")
        time.sleep(1.0)


def after(sent: Moments, seconds: float) -> Moments:
    """Without the first seconds, in which links are opened and tables made."""
    begin = min(sent.values()) + seconds
    return {name: at for name, at in sent.items() if at >= begin}


def stages(
    sent: Moments, made: Mapping[str, Scored], received: Mapping[int, Moments]
) -> dict[str, dict[str, float]]:
    """Milliseconds of each stage at the median, the 99th percentile and the worst; prints them."""
    print(f"{'ms':34}{'p50':>8}{'p99':>8}{'worst':>8}")
    take: dict[str, Callable[[str], float]] = {
        "publish -> enqueued": lambda each: made[each].enqueued - sent[each],
        "enqueued -> scored": lambda each: made[each].scored - made[each].enqueued,
        "scored -> committed": lambda each: made[each].committed - made[each].scored,
        "enqueued -> committed": lambda each: made[each].committed - made[each].enqueued,
        "publish -> committed": lambda each: made[each].committed - sent[each],
    }
    found = {name: told(name, [1000 * of(each) for each in sent]) for name, of in take.items()}
    for prefetch, at in received.items():
        name = f"bare, prefetch {prefetch}: -> callback"
        found[name] = told(name, [1000 * (at[each] - sent[each]) for each in sent])
    return found


def told(name: str, values: Sequence[float]) -> dict[str, float]:
    """The figures of one stage; prints them."""
    found = {"p50": quantile(values, 0.5), "p99": quantile(values, 0.99), "worst": max(values)}
    print(f"{name:34}" + "".join(f"{value:>8.0f}" for value in found.values()), flush=True)
    return {key: round(value, 1) for key, value in found.items()}
