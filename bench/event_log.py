"""What Dagster's book-keeping of one range run costs: its stock SQLite event log beside ours.

    python -m bench.event_log --partitions 2900 --assets 3

Assets that do nothing, one range, one process: all that is left is events. The stock log is
measured on at most 400 partitions, since it takes tens of milliseconds for each. Prints a table
and, as the last line, one JSON object.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
from dagster._core.instance.ref import InstanceRef

STOCK = ("dagster._core.storage.event_log", "SqliteEventLogStorage")
OURS = ("crash_platform.orchestration.event_log", "BatchedSqliteEventLogStorage")
STOCK_PARTITIONS = 400
START = date(2017, 1, 1)


@dataclass(frozen=True)
class Measured:
    """One run: wall and CPU seconds, and how many partitions all its assets together have since."""

    event_log: str
    partitions: int
    assets: int
    seconds: float
    cpu_seconds: float
    ms_per_partition_and_asset: float
    materialized: int


class Nothing(dg.IOManager):
    """Stores nothing, so that only events cost time."""

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Drop the value."""

    def load_input(self, context: dg.InputContext) -> None:
        """Give nothing back."""


def no_op_assets(count: int, partitions: int) -> list[dg.AssetsDefinition]:
    """Daily assets without work, all over the same days, run as one range."""
    days = dg.DailyPartitionsDefinition(
        start_date=START.isoformat(), end_date=(START + timedelta(days=partitions)).isoformat()
    )

    def asset(name: str) -> dg.AssetsDefinition:
        @dg.asset(name=name, partitions_def=days, backfill_policy=dg.BackfillPolicy.single_run())
        def nothing() -> None:
            """Do nothing."""

        return nothing

    return [asset(f"asset_{number}") for number in range(count)]


def measure(storage: tuple[str, str], partitions: int, assets: int) -> Measured:
    """Run the whole range once on a new instance with that event log."""
    module, name = storage
    definitions = no_op_assets(assets, partitions)
    with TemporaryDirectory() as home:
        config = {"base_dir": str(Path(home) / "history" / "runs")}
        log = {"module": module, "class": name, "config": config}
        overrides = {"event_log_storage": log, "telemetry": {"enabled": False}}
        ref = InstanceRef.from_dir(home, overrides=overrides)
        with dg.DagsterInstance.from_ref(ref) as instance:
            start, busy = time.perf_counter(), time.process_time()
            run(definitions, partitions, instance)
            seconds, cpu = time.perf_counter() - start, time.process_time() - busy
            done = sum(len(instance.get_materialized_partitions(a.key)) for a in definitions)
    each = 1000 * seconds / (partitions * assets)
    return Measured(
        name, partitions, assets, round(seconds, 2), round(cpu, 2), round(each, 2), done
    )


def run(
    definitions: list[dg.AssetsDefinition], partitions: int, instance: dg.DagsterInstance
) -> None:
    """Materialize all days in one run of one process, without lines on the console."""
    dg.materialize(
        definitions,
        instance=instance,
        resources={"io_manager": Nothing()},
        run_config={"loggers": {"console": {"config": {"log_level": "ERROR"}}}},
        tags={
            "dagster/asset_partition_range_start": START.isoformat(),
            "dagster/asset_partition_range_end": (
                START + timedelta(days=partitions - 1)
            ).isoformat(),
        },
    )


def main() -> None:
    """Measure, print the table, then the JSON line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--partitions", type=int, default=2900)
    parser.add_argument("--assets", type=int, default=3)
    arguments = parser.parse_args()
    few = min(arguments.partitions, STOCK_PARTITIONS)
    plan = [(STOCK, few), *((OURS, size) for size in sorted({few, arguments.partitions}))]
    print(f"{'event log':32}{'partitions':>11}{'assets':>8}{'seconds':>10}{'ms each':>10}")
    results = []
    for storage, partitions in plan:
        result = measure(storage, partitions, arguments.assets)
        results.append(asdict(result))
        print(
            f"{result.event_log:32}{partitions:>11}{result.assets:>8}"
            f"{result.seconds:>10.2f}{result.ms_per_partition_and_asset:>10.2f}",
            flush=True,
        )
    print(json.dumps({"bench": "event_log", "results": results}))


if __name__ == "__main__":
    main()
