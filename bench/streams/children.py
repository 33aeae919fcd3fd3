"""What runs in a process of its own: publishing, the bare client, landings, the sensor's ticks.

    python -m bench.streams.children NAME [ARGUMENT ...]

The environment says which home and which hub. The last line is what it found, as a JSON object.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any

from crash_platform.settings import load_settings
from crash_platform.streams.log import Event, EventLog

KEYS = 64
PREFETCH = 3_000
EVERYTHING = 10**9
LAND_SECONDS = 10.0
Found = dict[str, Any]


def opened() -> EventLog:
    """The hub of the crash reports."""
    from crash_platform.streams.opening import open_log

    settings = load_settings()
    return open_log(settings, settings.crash_hub)


def reports(seed: int) -> Callable[[int], list[Event]]:
    """Made-up reports of crashes, so many at once, of one key: a batch of the client's."""
    from crash_platform.pipelines.reports.simulation import packaged_year, simulated_crashes
    from crash_platform.streams.simulating import Simulation

    simulation = Simulation(simulated_crashes(packaged_year()), Random(seed))

    def made(count: int) -> list[Event]:
        now, key = datetime.now(UTC), f"key {simulation.rng.randrange(KEYS)}"
        events = [simulation.next(now) for _ in range(count)]
        return [Event(event.body, key, event.properties) for event in events]

    return made


def fill(count: str, seed: str = "1") -> Found:
    """Publish so many reports as fast as it goes."""
    report, each = reports(int(seed)), int(count) // KEYS + 1
    events = [event for _ in range(KEYS) for event in report(each)][: int(count)]
    with closing(opened()) as log:
        started = time.perf_counter()
        log.publish(events)
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "bytes": sum(len(event.body) for event in events)}


def publish(rate: str, seconds: str, burst: str, written: str) -> Found:
    """Publish at a rate, so many in one call; write down when each call was made.

    A call that is late is made at once and none is left out, as by people who do not wait.
    """
    report, each = reports(int(time.time())), int(burst)
    calls = int(float(rate) * float(seconds)) // each
    at = dict[str, float]()
    with closing(opened()) as log:
        log.publish([Event(b"{}", "warm")])
        started = time.time()
        for number in range(calls):
            events = report(each)
            time.sleep(max(0.0, started + number * each / float(rate) - time.time()))
            now = time.time()
            log.publish(events)
            at |= {json.loads(event.body)["event_id"]: now for event in events}
        took = time.time() - started
    Path(written).write_text(json.dumps(at))
    return {"events": len(at), "seconds": took}


def bare(count: str) -> Found:
    """Receive so many events by the bare client's public call, and decode their bodies."""
    seen = {"events": 0, "bytes": 0}
    client = client_of("bare")
    started, busy = time.perf_counter(), time.process_time()

    def take(_: Any, events: list[Any]) -> None:
        seen["events"] += len(events)
        seen["bytes"] += sum(len(event.body_as_str()) for event in events)
        if seen["events"] >= int(count):
            client.close()

    client.receive_batch(
        take,
        max_batch_size=PREFETCH,
        prefetch=PREFETCH,
        max_wait_time=1,
        starting_position="-1",
    )
    return {**seen, **spent(started, busy)}


def follow(count: str, prefetch: str, written: str) -> Found:
    """Write down when the bare client's callback got each of so many events."""
    client, at = client_of(f"follow {prefetch}"), dict[str, float]()

    def take(_: Any, event: Any) -> None:
        now, body = time.time(), json.loads(event.body_as_str())
        if "event_id" in body:
            at[body["event_id"]] = now
        if len(at) >= int(count):
            client.close()

    client.receive(take, starting_position="-1", prefetch=int(prefetch))
    Path(written).write_text(json.dumps(at))
    return {"events": len(at)}


def client_of(group: str) -> Any:
    """The bare client, led to the local hub."""
    from azure.eventhub import EventHubConsumerClient

    from crash_platform.streams.hub import LocalHub

    settings = load_settings()
    return EventHubConsumerClient.from_connection_string(
        LocalHub(None, {}, settings.hub_port).connection_string(),
        group,
        eventhub_name=settings.crash_hub,
    )


def lander(log: EventLog) -> Any:
    """Brings the reports to bronze."""
    from crash_platform.lake.location import Location
    from crash_platform.lake.store import Store
    from crash_platform.pipelines.reports.event import CONTRACT
    from crash_platform.pipelines.reports.tables import CRASH_EVENTS
    from crash_platform.streams.landing import Lander
    from crash_platform.streams.tables import Stream

    # The feed's own stream would bring Dagster along, which no landing needs.
    stream = Stream("crash_reports", attrgetter("crash_hub"), CONTRACT, CRASH_EVENTS)
    store = Store(Location(load_settings().lake_root))
    return Lander(store, stream, log, lambda: datetime.now(UTC))


def land() -> Found:
    """Land all that the hub holds."""
    with closing(opened()) as log:
        ours = lander(log)
        log.describe()  # imports the client
        started, busy = time.perf_counter(), time.process_time()
        landing = ours.land(ours.plan(EVERYTHING))
        return {
            "events": landing.events,
            "dead": landing.dead_letters,
            **spent(started, busy),
        }


def land_on() -> Found:
    """Land what is new every ten seconds, until told to end."""
    from crash_platform.commands.stream import StopAsked, stopping

    stop, found = StopAsked(), {"landings": 0, "events": 0}
    with stopping(stop), closing(opened()) as log:
        ours = lander(log)
        print("landing", flush=True)
        while not stop.wait(LAND_SECONDS):
            found["events"] += ours.land(ours.plan(load_settings().landing_limit)).events
            found["landings"] += 1
    return found


def spent(started: float, busy: float) -> Found:
    """Wall and CPU seconds since then; imports before it are not in it."""
    return {"wall": time.perf_counter() - started, "cpu": time.process_time() - busy}


def sensor() -> Found:
    """See ``sensor``."""
    from bench.streams.sensor import ticked

    return ticked()


def parts() -> Found:
    """See ``parts``."""
    from bench.streams.parts import taken_apart

    return taken_apart()


CHILDREN: dict[str, Callable[..., Found]] = {
    each.__name__: each for each in (fill, publish, bare, follow, land, land_on, sensor, parts)
}

if __name__ == "__main__":
    print(json.dumps(CHILDREN[sys.argv[1]](*sys.argv[2:])), flush=True)
