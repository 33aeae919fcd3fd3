"""What an answer of the prediction API costs, over HTTP, on one machine with its client.

    python -m bench.serving [latency|load|batch|swap|mlflow] [--seconds 10] [--home HOME]

latency: one client. load: eight at once. batch: 1,000 reports in a request. swap: eight clients
while the champions change each second. mlflow: one client, eight, and batches, beside MLflow's own
scoring server for the same model. Without a name: all. One worker each, a key in every request,
the log on. The champions are those of HOME (a home after `make demo`); without it the packaged
year is brought through the pipeline first and small ones are made. Server CPU is milliseconds of
its process for one request: on a machine with other work that is the figure to trust. Prints
tables and, as the last line, one JSON object.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.serving.loads import Figures, batch, beside, latency, load
from bench.serving.swap import swap
from bench.streams.champions import tracking

PARTS: dict[str, Callable[[Path, str, float], Figures]] = {
    "latency": latency,
    "load": load,
    "batch": batch,
    "swap": swap,
    "mlflow": beside,
}


def main() -> None:
    """Measure, print the tables, then the JSON line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", choices=PARTS)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--home", type=Path)
    asked = parser.parse_args()
    results = dict[str, Figures]()
    with TemporaryDirectory(prefix="bench_") as folder:
        work = Path(folder)
        champions = tracking(asked.home, work / "champions")
        for name in [asked.what] if asked.what else PARTS:
            print(f"\n{name}\n", flush=True)
            place = work / name
            place.mkdir()
            results[name] = PARTS[name](place, champions, asked.seconds)
    print(json.dumps({"bench": "serving", **results}))


if __name__ == "__main__":
    main()
