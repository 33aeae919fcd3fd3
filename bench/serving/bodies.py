"""What is asked: made-up reports of crashes like those of the packaged year, as requests.

Each is another crash, so that nothing is answered from a cache; the seed is fixed.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

from crash_platform.modelling.registry import Registry
from crash_platform.pipelines.injuries.answering import FULL_REPORT, Answer, Answerer
from crash_platform.pipelines.injuries.features import FEATURE_SETS, Report, featuriser
from crash_platform.pipelines.injuries.model import InjuryModel, load_model
from crash_platform.pipelines.injuries.promotion import registered_name
from crash_platform.pipelines.injuries.scoring import Champion
from crash_platform.pipelines.injuries.words import load_words
from crash_platform.pipelines.reports.live.places import locator
from crash_platform.pipelines.reports.live.reading import reader
from crash_platform.pipelines.reports.simulation import packaged_year, simulated_crashes
from crash_platform.serving.predictions.report import CrashReport
from crash_platform.streams.simulating import Simulation

SEED, REPORTS, BATCH = 6, 2_000, 1_000
Told = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Some reports, and what the champions say of them here, without any server.

    Attributes:
        told: the reports as they are sent.
        reports: the same as the feature function reads them.
    """

    told: Sequence[Told]
    reports: Sequence[Report]

    def full_only(self, champions: Answerer) -> "Asked":
        """Those that the champion of full reports answers: so that both servers have one model."""
        answers = champions.answer(self.reports)
        chosen = [n for n, each in enumerate(answers) if each.feature_set == FULL_REPORT]
        return Asked([self.told[n] for n in chosen], [self.reports[n] for n in chosen])

    def expected(self, champions: Answerer) -> list[Answer]:
        """What is to be answered."""
        return champions.answer(self.reports)

    def frames(self, model: InjuryModel, count: int) -> Iterator[Told]:
        """The encoded rows, so many at a time, as MLflow's server takes them."""
        features = featuriser(load_words())
        rows = model.encoder.matrix(map(features, self.reports), len(self.reports)).tolist()
        plain = [[None if math.isnan(value) else value for value in row] for row in rows]
        for start in range(0, len(plain) - count + 1, count):
            yield {
                "dataframe_split": {
                    "columns": list(model.encoder.columns),
                    "data": plain[start : start + count],
                }
            }


@cache
def asked() -> Asked:
    """The reports that every measurement asks about."""
    simulation = Simulation(simulated_crashes(packaged_year()), Random(SEED))
    names, told, reports = set(CrashReport.model_fields), list[Told](), list[Report]()
    read = reader(locator())
    while len(told) < REPORTS:
        event = json.loads(simulation.next(datetime.now(UTC)).body)
        if "crash_date" not in event:
            continue
        told.append({name: value for name, value in event.items() if name in names})
        reports.append(read(CrashReport.model_validate_json(json.dumps(told[-1]))))
    return Asked(told, reports)


def champions_of(tracking: str) -> Answerer:
    """The champions of a registry.

    Raises:
        SystemExit: it has none of one feature set.
    """
    registry, words, found = Registry(tracking), load_words(), dict[str, Champion]()
    for feature_set in FEATURE_SETS:
        version = registry.holder(registered_name(feature_set), "champion")
        if version is None:
            raise SystemExit(f"There is no champion for {feature_set}: run `make demo` first.")
        model = load_model(registry.artefact(version), words, version.sha256)
        found[feature_set] = Champion(model, version.version)
    return Answerer(found, words)


def post(path: str, body: object, key: str = "") -> bytes:
    """A whole HTTP request."""
    content = json.dumps(body).encode()
    bearer = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
