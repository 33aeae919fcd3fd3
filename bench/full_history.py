"""The whole history through Dagster, bronze to gold, beside what it is measured against.

    python -m bench.full_history RECORDS.parquet [--days 100 1000 2900]

(a) the same silver and gold by hand in one DuckDB script, (b) in pandas, (c) the same number of
partition events on assets that do nothing, with this project's event log and with Dagster's stock
one; then the cost of one more day after 100, 1,000 and 2,900 days. Every command is a process of
its own, run once before it is measured, so that no module is compiled while the clock runs. Ratios
compare CPU seconds: wall time depends on what else the machine does. Prints a table and, as the
last line, one JSON object. RECORDS defaults to the history beside the checkout.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from bench.event_log import OURS, STOCK, Measured, measure

ASSETS = 8
STOCK_PARTITIONS = 200
HISTORY = (
    Path(__file__).resolve().parents[2] / "shared/data/crashes/history_2012-07_2020-07.parquet"
)


@dataclass(frozen=True)
class Cost:
    """What a process took: wall and CPU seconds, peak memory in MB."""

    wall: float
    cpu: float
    peak_mb: float
    output: str


def cost(command: list[str], home: Path) -> Cost:
    """Run a command to its end and weigh it (the operating system's own accounting)."""
    environment = os.environ | {
        "CRASH_PLATFORM_HOME": str(home),
        "CRASH_PLATFORM_LAKE": "",
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(home.parent / "bytecode"),
    }
    log = home.with_suffix(".out")
    start = time.perf_counter()
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{log.read_text()[-4000:]}")
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(wall, cpu, usage.ru_maxrss / 1024, log.read_text())


def load(records: Path, home: Path) -> Cost:
    """`crash-platform load`, as a user runs it."""
    return cost([sys.executable, "-m", "crash_platform.cli", "load", str(records)], home)


def days_between(records: Path, first: date, last: date, out: Path) -> Path:
    """The records of some days, as a file of their own."""
    duckdb.sql(
        f"COPY (SELECT * FROM '{records}' WHERE \"CRASH DATE\"[:10] BETWEEN '{first}' AND '{last}') "
        f"TO '{out}' (FORMAT parquet)"
    )
    return out


def one_more_day(records: Path, first: date, days: int, work: Path) -> dict[str, float]:
    """Seconds for the day after so many days of history."""
    home = work / f"home_{days}"
    last = first + timedelta(days=days - 1)
    load(days_between(records, first, last, work / "before.parquet"), home)
    following = last + timedelta(days=1)
    spent = load(days_between(records, following, following, work / "day.parquet"), home)
    shutil.rmtree(home)
    return {"days": days, "wall": round(spent.wall, 2), "cpu": round(spent.cpu, 2)}


def main() -> None:
    """Measure everything, print the table, then the JSON line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("records", type=Path, nargs="?", default=HISTORY)
    parser.add_argument("--days", type=int, nargs="*", default=[100, 1000, 2900])
    arguments = parser.parse_args()
    if not arguments.records.is_file():
        raise SystemExit(f"{arguments.records} is not there: name a Parquet file of crash records.")
    with TemporaryDirectory(prefix="bench_") as folder:
        figures = figures_of(arguments.records, arguments.days, Path(folder))
    for name, value in figures.items():
        print(f"{name:42} {value}")
    print(json.dumps({"bench": "full_history", **figures}))


def figures_of(records: Path, days: list[int], work: Path) -> dict[str, object]:
    """All figures by name; what is called cpu is CPU seconds, what is called wall the clock's."""
    oldest = duckdb.execute(f"SELECT min(\"CRASH DATE\"[:10]) FROM '{records}'").fetchall()[0][0]
    first = date.fromisoformat(oldest)
    few = days_between(records, first, first, work / "few.parquet")
    for source, round_ in ((few, "warm"), (records, "all")):
        ours = load(source, work / f"{round_}_home")
        duck = by_hand("hand_duckdb", source, work / f"{round_}_duckdb")
        pandas = by_hand("hand_pandas", source, work / f"{round_}_pandas")
    partitions = int(re.search(r"days re-written\s+([\d,]+)", ours.output)[1].replace(",", ""))  # type: ignore[index]
    booked = measure(OURS, partitions, ASSETS)
    stock = measure(STOCK, STOCK_PARTITIONS, ASSETS)
    return {
        **compared(ours, booked, duck, pandas),
        "partitions": partitions,
        "bookkeeping_ms_each": booked.ms_per_partition_and_asset,
        "stock_bookkeeping_ms_each": stock.ms_per_partition_and_asset,
        "bookkeeping_share_of_stock": round(
            booked.ms_per_partition_and_asset / stock.ms_per_partition_and_asset, 3
        ),
        "one_more_day": [one_more_day(records, first, n, work) for n in days],
    }


def by_hand(script: str, records: Path, out: Path) -> Cost:
    """One of the yardsticks over the same records."""
    return cost([sys.executable, "-m", f"bench.{script}", str(records), str(out)], out)


def compared(ours: Cost, booked: Measured, duck: Cost, pandas: Cost) -> dict[str, float]:
    """What a load costs beyond Dagster's bookkeeping, beside the same by hand."""
    beyond = ours.cpu - booked.cpu_seconds
    return {
        "ours_wall": round(ours.wall, 1),
        "ours_cpu": round(ours.cpu, 1),
        "ours_peak_mb": round(ours.peak_mb),
        "bookkeeping_cpu": booked.cpu_seconds,
        "cpu_beyond_bookkeeping": round(beyond, 1),
        "hand_duckdb_wall": round(duck.wall, 1),
        "hand_duckdb_cpu": round(duck.cpu, 1),
        "hand_duckdb_peak_mb": round(duck.peak_mb),
        "ratio_to_hand_duckdb": round(beyond / duck.cpu, 2),
        "pandas_wall": round(pandas.wall, 1),
        "pandas_cpu": round(pandas.cpu, 1),
        "pandas_peak_mb": round(pandas.peak_mb),
        "ratio_to_pandas": round(beyond / pandas.cpu, 2),
    }


if __name__ == "__main__":
    main()
