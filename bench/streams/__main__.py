"""What live events cost, measured against the local hub in a process of its own.

    python -m bench.streams [landing|latency|sensor|sustained] [--minutes 10] [--home HOME]

landing: a full landing beside the bare Event Hubs client, in CPU seconds. latency: from a
publisher to the committed prediction, stage by stage, beside the bare client's own delivery.
sensor: from waiting events to bronze. sustained: 500 events a second through the speed layer and a
landing every ten seconds: memory, lag, losses. Without a name: the first three. The champions are
those of HOME (a home after `make demo`); without it the packaged year is brought through the
pipeline first and small ones are made. Prints tables and, as the last line, one JSON object.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.streams.champions import tracking
from bench.streams.landing import landing
from bench.streams.latency import latency
from bench.streams.sensor import sensor
from bench.streams.sustained import sustained

QUICK = ("landing", "latency", "sensor")


def main() -> None:
    """Measure, print the tables, then the JSON line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", choices=[*QUICK, "sustained"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    wanted, results = (asked.what,) if asked.what else QUICK, dict[str, object]()
    with TemporaryDirectory(prefix="bench_") as folder:
        work = Path(folder)
        is_live = bool({"latency", "sustained"} & set(wanted))
        champions = tracking(asked.home, work / "champions") if is_live else ""
        for name in wanted:
            print(f"\n{name}\n", flush=True)
            measured: dict[str, Callable[[], object]] = {
                "landing": lambda: landing(work / "landing"),
                "latency": lambda: latency(work / "latency", champions),
                "sensor": lambda: sensor(work / "sensor"),
                "sustained": lambda: sustained(work / "sustained", champions, asked.minutes),
            }
            results[name] = measured[name]()
    print(json.dumps({"bench": "streams", **results}))


if __name__ == "__main__":
    main()
