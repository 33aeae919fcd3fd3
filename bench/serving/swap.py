"""Eight clients while the champions change to and fro: is every request answered, and by one model?

The server watches a real registry, into which this process promotes.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bench.serving.bodies import asked, champions_of
from bench.serving.loads import EIGHT, Figures, singles, told
from bench.serving.servers import HEAD, ours
from crash_platform.modelling.registry import Registry
from crash_platform.pipelines.injuries.answering import Answer, Answerer
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.promotion import registered_name
from crash_platform.pipelines.injuries.scoring import Champion
from crash_platform.pipelines.injuries.words import load_words

SWAP_SECONDS, TREES = 1.0, 20
ULP = 1e-12
SWAPPING = "bench.serving.swapping"


def swap(work: Path, tracking: str, seconds: float) -> Figures:
    """Promote one and the other version each second under load, and check every answer."""
    registry = Registry.in_folder(work / "mlflow")
    (work / "mlflow").mkdir(parents=True)
    versions = both(champions_of(tracking), registry)
    answers = work / "answers"
    with ours(work, registry.tracking_uri, SWAPPING) as server, ThreadPoolExecutor(1) as pool:
        requests = singles(server, asked())
        server.warm(requests)
        load = pool.submit(server.ask, requests, EIGHT, seconds, str(answers))
        count = 0
        while not load.done():
            time.sleep(SWAP_SECONDS)
            count += 1
            for feature_set in FEATURE_SETS:
                registry.promote(registered_name(feature_set), 1 + count % 2)
        print(HEAD)
        figures = told("eight clients, champions change", load.result())
    expected = {number: asked().expected(each) for number, each in versions.items()}
    return {**figures, **checked(answers.read_bytes().splitlines(), expected), "promotions": count}


def both(champions: Answerer, registry: Registry) -> dict[int, Answerer]:
    """Version 1 is the champions, version 2 their first trees only; both registered."""
    words, versions = load_words(), dict[int, dict[str, Champion]]()
    for feature_set, champion in champions.champions.items():
        name, model = registered_name(feature_set), champion.model
        cut = replace(model, booster=model.booster[:TREES])
        for number, each in enumerate((model, cut), 1):
            run_id = registry.start_run("bench", name, {})
            registry.register(name, run_id, each.to_bytes(), each.encoder.columns, {})
            versions.setdefault(number, {})[feature_set] = Champion(each, number)
        registry.promote(name, 1)
    return {number: Answerer(each, words) for number, each in versions.items()}


def checked(lines: Iterable[bytes], expected: Mapping[int, Sequence[Answer]]) -> Figures:
    """Count answers by version; each has to be what its version says of its report.

    Raises:
        SystemExit: one is not, or the versions never changed.
    """
    counts, changes, before, torn = Counter[int](), 0, 0, 0
    for line in lines:
        number, _, body = line.partition(b" ")
        said = json.loads(body)
        version = said["model_version"]
        right = expected[version][int(number)]
        is_same = abs(said["probability"] - right.probability) < ULP
        torn += not (is_same and said["feature_set"] == right.feature_set)
        changes += version != before
        counts[version], before = counts[version] + 1, version
    print(f"answers by version: {dict(counts)}, changes seen: {changes - 1}, torn: {torn}")
    if torn or len(counts) != len(expected):
        raise SystemExit("An answer was not its version's, or the versions never changed.")
    return {"answers": dict(counts), "changes": changes - 1, "torn": torn}
