"""From events that wait in the hub to bronze: one tick of the sensor, and the runs it asks for.

All in one process. Starting the process of a run, which Dagster's daemon does, is not in it.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg

from bench.streams.children import Found, opened, reports
from bench.streams.places import place
from crash_platform.definitions import build
from crash_platform.orchestration.feeds.hubs import HubResource
from crash_platform.orchestration.feeds.sensors import LANDING, PART, feed_sensor
from crash_platform.orchestration.resources import LakeResource, engine_resources
from crash_platform.orchestration.runs import instance_at
from crash_platform.pipelines.reports.feed import report_feed
from crash_platform.settings import Settings, load_settings

EVENTS, KEYS, ROUNDS = 1_000, 20, 4
T = TypeVar("T")


def sensor(work: Path) -> dict[str, object]:
    """Some rounds of a child; prints a line for each step, seconds of each round."""
    with place(work) as (here, _):
        found = here.run("sensor").found
    print(f"{EVENTS:,} events waiting; wall s (CPU s) of rounds 1 to {ROUNDS}\n")
    for name, rounds in found.items():
        told = "".join(f"{wall:>8.2f} ({cpu:.2f})" for wall, cpu in rounds)
        print(f"{name:28}{told}")
    return dict(found)


def ticked() -> Found:
    """The rounds, on the home that the environment names; wall and CPU seconds of each step."""
    settings, report = load_settings(), reports(int(time.time()))
    with instance_at(settings.dagster_home) as instance, closing(opened()) as log:
        rounds = Rounds(settings, instance)
        for _ in range(ROUNDS):
            log.publish([event for _ in range(KEYS) for event in report(EVENTS // KEYS)])
            rounds.play()
    return rounds.spent


@dataclass
class Rounds:
    """Ticks and runs, timed."""

    settings: Settings
    instance: dg.DagsterInstance
    spent: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    cursor: str | None = None

    def __post_init__(self) -> None:
        self.definitions = self._timed("build definitions", lambda: build(self.settings))
        self.sensor = feed_sensor(report_feed())

    def play(self) -> None:
        """A tick that finds events, its landing, a tick after it, the tables, an idle tick."""
        landing = self._asked("tick with events")
        [bronze] = [each for each in landing if each.tags[PART] == LANDING]
        self._timed("landing run", lambda: self._carry_out(bronze))
        self._pair("sensor to bronze", "tick with events", "landing run")
        tables = self._asked("tick after the landing")
        self._timed("table runs", lambda: self._carry_out(*tables))
        self._asked("tick that looks")
        if self._asked("tick that knows"):
            raise SystemExit("The sensor still asks for runs after all were carried out.")

    def _asked(self, name: str) -> list[Any]:
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            definitions=self.definitions,
            resources=self._resources(),
        )
        answer = self._timed(name, lambda: self.sensor.evaluate_tick(context))
        self.cursor = answer.cursor
        return list(answer.run_requests or [])

    def _resources(self) -> Mapping[str, Any]:
        lake = LakeResource(root=self.settings.lake_root)
        return {"lake": lake, "hubs": HubResource(), **engine_resources(self.settings)}

    def _carry_out(self, *requests: Any) -> None:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        for request in requests:
            result = job.execute_in_process(
                instance=self.instance,
                run_config={**request.run_config, "loggers": {"progress": {}}},
                tags=request.tags,
                asset_selection=request.asset_selection,
                raise_on_error=False,
            )
            if not result.success:
                raise SystemExit(f"A run failed: {request.tags}.")

    def _timed(self, name: str, act: Callable[[], T]) -> T:
        began, busy = time.perf_counter(), time.process_time()
        given = act()
        spent = time.perf_counter() - began, time.process_time() - busy
        self.spent.setdefault(name, []).append(spent)
        return given

    def _pair(self, name: str, first: str, second: str) -> None:
        (wall, cpu), (more, busy) = self.spent[first][-1], self.spent[second][-1]
        self.spent.setdefault(name, []).append((wall + more, cpu + busy))
