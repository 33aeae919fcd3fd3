"""What the champions say of reports at once, and which models are champions right now.

Features and models are made elsewhere. Here a report meets the model that knows most of what the
report says, and nobody who asks ever waits for the registry.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Event, Lock, Thread
from typing import Protocol, Self

from crash_platform.errors import PlatformError
from crash_platform.modelling.boosting import ArtefactError
from crash_platform.modelling.registry import CHAMPION, ModelVersion, RegistryError
from crash_platform.pipelines.injuries.encoding import EncodingError
from crash_platform.pipelines.injuries.features import (
    FEATURE_SETS,
    Features,
    Report,
    featuriser,
    is_holiday,
)
from crash_platform.pipelines.injuries.model import ModelError, load_model
from crash_platform.pipelines.injuries.promotion import registered_name
from crash_platform.pipelines.injuries.scoring import Champion
from crash_platform.pipelines.injuries.words import Words

FIRST_REPORT, FULL_REPORT = "first_report", "full_report"
EVERY_SECONDS = 30.0
CLOSING_SECONDS = 5.0


class NoModelError(PlatformError):
    """No model may answer yet."""


class MixedUpError(PlatformError):
    """A model stands as champion of another feature set than its own."""


UNUSABLE = (RegistryError, ArtefactError, ModelError, EncodingError, MixedUpError)
"""How a registry fails to give out a champion that can be used."""


@dataclass(frozen=True)
class Answer:
    """What a champion says of one report. ``probability`` (0-1) is of an injury or a death."""

    feature_set: str
    probability: float
    is_predicted_injury: bool
    threshold: float
    model_version: int
    model_as_of: date


class Answerer:
    """Answers reports with one set of champions, which never changes. Safe for several threads.

    Attributes:
        champions: by feature set.

    Raises:
        MixedUpError: a champion is of another feature set than the one it stands for.
    """

    def __init__(self, champions: Mapping[str, Champion], words: Words) -> None:
        for feature_set, champion in champions.items():
            if champion.model.feature_set != feature_set:
                raise MixedUpError(
                    f"Version {champion.version} is a model for {champion.model.feature_set}, but "
                    f"stands as champion of {feature_set}: promote a model of that feature set."
                )
        self.champions = dict(champions)
        self._featurise = featuriser(words)

    @property
    def versions(self) -> dict[str, int]:
        """The champions' versions in the registry, by feature set."""
        return {name: self.champions[name].version for name in sorted(self.champions)}

    def answer(self, reports: Sequence[Report]) -> list[Answer]:
        """One answer per report, in order; the reports of one model are scored as one matrix.

        A report that names a factor which a model may know is answered by the champion of full
        reports, where there is one; any other by that of first reports.

        Raises:
            NoModelError: a model that is needed is not there.
        """
        features = [self._featurise(report) for report in reports]
        places: dict[str, list[int]] = {}
        for place, each in enumerate(features):
            places.setdefault(self._chosen(each), []).append(place)
        answers: dict[int, Answer] = {}
        for feature_set, chosen in places.items():
            told = self._said(feature_set, [features[place] for place in chosen])
            answers.update(zip(chosen, told, strict=True))
        return [answers[place] for place in range(len(features))]

    def _chosen(self, features: Features) -> str:
        if features.contributing_factors and FULL_REPORT in self.champions:
            return FULL_REPORT
        if FIRST_REPORT not in self.champions:
            raise NoModelError(
                "No first_report model is champion yet: promote one with "
                "crash-platform model promote."
            )
        return FIRST_REPORT

    def _said(self, feature_set: str, features: Sequence[Features]) -> list[Answer]:
        champion = self.champions[feature_set]
        model = champion.model
        return [
            Answer(
                feature_set,
                probability,
                probability >= model.threshold,
                model.threshold,
                champion.version,
                model.as_of,
            )
            for probability in model.score(features, len(features)).tolist()
        ]


class Champions(Protocol):
    """What is asked of a registry: ``modelling.registry.Registry``, or a fake with its face."""

    def holder(self, name: str, alias: str) -> ModelVersion | None:
        """The version an alias points at; ``None`` where it points at nothing."""

    def artefact(self, version: ModelVersion) -> bytes:
        """The bytes that were registered."""


class ChampionWatch:
    """Knows the champions, and looks for others now and then in a thread of its own.

    Whoever asks for an answerer gets the last good one at once: a model is loaded beside it and
    takes its place when it is ready, and while the registry is away, or gives out what cannot be
    used, the models so far stay. Only a registry that answers and has no champion takes one away.

    Args:
        registry: where champions are registered.
        words: the reviewed vocabularies.
        say: prints a line: champions that change, a registry that goes and comes back.
        every: seconds between two looks.
        pause: waits so many seconds, and says whether to stop; by default until ``close``.
    """

    def __init__(
        self,
        registry: Champions,
        words: Words,
        say: Callable[[str], None],
        *,
        every: float = EVERY_SECONDS,
        pause: Callable[[float], bool] | None = None,
    ) -> None:
        self._registry, self._words, self._say = registry, words, say
        self._every = every
        self._closing, self._looking = Event(), Lock()
        self._pause = pause or self._closing.wait
        self._held: dict[str, tuple[ModelVersion, Champion]] = {}
        self._answerer: Answerer | None = None
        self._trouble: str | None = None
        self._has_looked = False
        self._thread: Thread | None = None

    def answerer(self) -> Answerer:
        """The champions of this moment.

        Raises:
            NoModelError: there is none yet.
        """
        answerer = self._answerer
        if answerer is None or not answerer.champions:
            why = f" ({self._trouble})" if self._trouble else ""
            raise NoModelError(
                "No injury model is champion yet: train one and promote it with crash-platform "
                f"model promote{why}."
            )
        return answerer

    def look(self) -> None:
        """Ask the registry once; a champion is loaded only if it is not the one in use.

        May take as long as the registry does. Registries that fail are told, not raised.
        """
        with self._looking:
            found, troubles = dict(self._held), list[str]()
            for feature_set in FEATURE_SETS:
                try:
                    self._look_for(feature_set, found)
                except UNUSABLE as error:
                    troubles.append(str(error))
            if found != self._held:
                self._swap(found)
            self._tell(troubles)
            self._has_looked = True

    def start(self) -> Self:
        """Look once, then again and again in the background until ``close``."""
        self.look()
        self._thread = Thread(target=self._watch, name="champion-watch", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop looking; a look that is under way may end later, and changes nothing then."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._pause(self._every):
            self.look()

    def _look_for(self, feature_set: str, found: dict[str, tuple[ModelVersion, Champion]]) -> None:
        version = self._registry.holder(registered_name(feature_set), CHAMPION)
        if version is None:
            found.pop(feature_set, None)
            return
        held = found.get(feature_set)
        if held and (held[0].version, held[0].sha256) == (version.version, version.sha256):
            return
        artefact = self._registry.artefact(version)
        champion = Champion(load_model(artefact, self._words, version.sha256), version.version)
        Answerer({feature_set: champion}, self._words)
        found[feature_set] = (version, champion)

    def _swap(self, found: dict[str, tuple[ModelVersion, Champion]]) -> None:
        answerer = Answerer({name: champion for name, (_, champion) in found.items()}, self._words)
        for _, champion in found.values():
            is_holiday(
                champion.model.as_of
            )  # loads the calendar, half a second, before anybody asks
        self._held, self._answerer = found, answerer
        if self._has_looked:
            self._say(f"The champions changed: {versions_in_words(answerer.versions)}.")

    def _tell(self, troubles: Sequence[str]) -> None:
        if troubles and not self._trouble:
            kept = " Until that is mended, the champions so far answer." if self._held else ""
            self._say(f"{troubles[0]}{kept}")
        elif self._trouble and not troubles:
            self._say("The registry gives out its champions again.")
        self._trouble = troubles[0].rstrip(".") if troubles else None


def versions_in_words(versions: Mapping[str, int]) -> str:
    """Versions as people read them: ``first_report 3, full_report 2``; ``none`` without any."""
    return ", ".join(f"{name} {number}" for name, number in versions.items()) or "none"
