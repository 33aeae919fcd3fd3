"""Which injury model is champion: the gates' verdicts, the decision, and the aliases that follow.

The ledger is written first and is the truth. Every decision begins by pointing the aliases at what
the ledger's last line says, so that one killed between the two is completed by the next. How well a
model does is judged elsewhere and comes in as verdicts.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Protocol, TypeVar

from deltalake.exceptions import CommitFailedError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from crash_platform.errors import PlatformError
from crash_platform.lake.store import Store
from crash_platform.modelling.registry import CHAMPION, PREVIOUS, ModelVersion
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.ledger import (
    NOBODY,
    Action,
    Decision,
    last_decision,
    next_number,
    record,
)

ATTEMPTS = 12
DAY, GATES, GATES_PASSED = "as_of_date", "gates", "gates_passed"
"""Tags of a version: the day it is of, its verdicts as JSON, and ``true`` or ``false``."""

Made = TypeVar("Made")


class PromotionError(PlatformError):
    """A promotion that cannot be done as asked."""


class Champions(Protocol):
    """What is asked of a registry: ``modelling.registry.Registry``, or a fake with its face."""

    def version(self, name: str, number: int) -> ModelVersion:
        """One version, or ``RegistryError``."""

    def versions(self, name: str) -> tuple[ModelVersion, ...]:
        """Every version, the newest first."""

    def holder(self, name: str, alias: str) -> ModelVersion | None:
        """The version an alias points at."""

    def promote(self, name: str, number: int) -> ModelVersion | None:
        """Make a version champion, the champion previous; the latter."""


@dataclass(frozen=True)
class Verdict:
    """What a gate says of a model. Only a required gate that is not passed keeps it out."""

    name: str
    passed: bool
    is_required: bool
    description: str


def registered_name(feature_set: str) -> str:
    """The name that the models of a feature set are registered under.

    Raises:
        PromotionError: there is no such feature set.
    """
    if feature_set not in FEATURE_SETS:
        raise PromotionError(
            f"{feature_set!r} is no feature set: choose {' or '.join(FEATURE_SETS)}."
        )
    return f"injury_{feature_set}"


def verdict_tags(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """The tags by which a registered version carries its verdicts."""
    action, _ = decide(verdicts, has_champion=False)
    return {GATES_PASSED: "false" if action == "kept" else "true", GATES: _as_json(verdicts)}


def verdicts_of(version: ModelVersion) -> tuple[Verdict, ...]:
    """The verdicts a version carries; none if it was never judged.

    Raises:
        PromotionError: its tag does not hold verdicts.
    """
    try:
        told = json.loads(version.tags.get(GATES, "{}"))
        return tuple(Verdict(name, **said) for name, said in told.items())
    except (ValueError, TypeError, AttributeError) as error:
        raise PromotionError(
            f"The tag {GATES} of {version.name} {version.version} does not hold verdicts: "
            "train the model again."
        ) from error


def decide(
    verdicts: Sequence[Verdict], *, has_champion: bool, force: bool = False
) -> tuple[Action, str]:
    """Whether a challenger becomes champion, and why, in a sentence.

    Without a required gate that is passed, nothing speaks for it: it is kept out, too.
    """
    required = [verdict for verdict in verdicts if verdict.is_required]
    failed = [verdict for verdict in required if not verdict.passed]
    if required and not failed:
        first = "" if has_champion else "; it is the first champion"
        return "promoted", f"It passes all required gates ({len(required)}){first}."
    told = "; ".join(f"{verdict.name} ({verdict.description.rstrip('.')})" for verdict in failed)
    why = f"not passed: {told}" if failed else "no required gate was judged"
    if force:
        return "forced", f"Promoted by force; {why}."
    kept = "The champion stays" if has_champion else "There is still no champion"
    return "kept", f"{kept}; {why}."


@dataclass(frozen=True)
class Promoter:
    """Somebody who decides about champions at a moment.

    Attributes:
        registry: where the models are registered.
        store: the lake that holds the ledger.
        by: who or what decides.
        now: the moment of the decisions (UTC).
    """

    registry: Champions
    store: Store
    by: str
    now: datetime

    def promote(
        self,
        feature_set: str,
        version: int,
        verdicts: Sequence[Verdict],
        *,
        force: bool = False,
    ) -> Decision | None:
        """Decide about a version, write it down, and make it champion if it is to be.

        With ``force`` it is promoted although a required gate is not passed; the ledger says so.

        Returns:
            The decision (the last one, if that was the same and kept it out), or ``None`` for the
            version that is champion already: nothing changes then.

        Raises:
            RegistryError: there is no such version, or MLflow does not answer.
            PromotionError: other decisions keep getting ahead.
        """
        name = registered_name(feature_set)
        challenger = self.registry.version(name, version)

        def make() -> Decision | None:
            number, champion = next_number(self.store), self.align(feature_set)
            if champion is not None and champion.version == version:
                return None
            action, reason = decide(verdicts, has_champion=champion is not None, force=force)
            chosen = champion if action == "kept" else challenger
            line = _Line(number, feature_set, action, chosen, challenger, champion)
            return self._write(line, reason, _as_json(verdicts))

        decision = self._until_recorded(make)
        if decision is not None and decision.action != "kept":
            self.registry.promote(name, version)
        return decision

    def roll_back(self, feature_set: str) -> Decision:
        """Make the previous champion champion again, and write it down.

        A roll-back that was killed before the aliases followed is completed, not undone.

        Raises:
            RegistryError: MLflow does not answer.
            PromotionError: there is no previous champion, or other decisions keep getting ahead.
        """
        name = registered_name(feature_set)

        def make() -> Decision:
            number, last = next_number(self.store), last_decision(self.store, feature_set)
            before = self.registry.holder(name, CHAMPION)
            champion = self.align(feature_set)
            is_completed = _number(champion) != _number(before)
            if last is not None and last.action == "rolled_back" and is_completed:
                return last
            previous = self.registry.holder(name, PREVIOUS)
            if champion is None or previous is None or champion.version == previous.version:
                raise PromotionError(f"{name} has no earlier champion to go back to.")
            line = _Line(number, feature_set, "rolled_back", previous, previous, champion)
            reason = f"Back from version {champion.version} to version {previous.version}."
            return self._write(line, reason, "{}")

        decision = self._until_recorded(make)
        self.registry.promote(name, decision.model_version)
        return decision

    def align(self, feature_set: str) -> ModelVersion | None:
        """Point the aliases at the champion of the ledger's last line; the champion.

        A version that the registry does not hold with the ledger's SHA-256 is of another registry,
        made anew since: then the aliases stand as they are.
        """
        name, last = registered_name(feature_set), last_decision(self.store, feature_set)
        if last is not None and any(
            (held.version, held.sha256) == (last.model_version, last.artefact_sha256)
            for held in self.registry.versions(name)
        ):
            self.registry.promote(name, last.model_version)
        return self.registry.holder(name, CHAMPION)

    def _write(self, line: "_Line", reason: str, gates: str) -> Decision:
        moment = self.now.astimezone(UTC)
        decision = Decision(
            decided_date=moment.date(),
            feature_set=line.feature_set,
            action=line.action,
            model_version=_number(line.chosen),
            challenger_version=line.about.version,
            previous_version=line.before.version if line.before else None,
            as_of_date=_day(line.about),
            artefact_sha256=line.chosen.sha256 if line.chosen else "",
            reason=reason,
            gates=gates,
            decided_by=self.by,
            decided_at=moment,
            number=line.number,
        )
        last = last_decision(self.store, line.feature_set)
        if decision.action == "kept" and last is not None and decision.is_as(last):
            return last
        record(self.store, decision)
        return decision

    def _until_recorded(self, make: Callable[[], Made]) -> Made:
        retrying = Retrying(
            retry=retry_if_exception_type(CommitFailedError),
            wait=wait_random_exponential(multiplier=0.1, max=5),
            stop=stop_after_attempt(ATTEMPTS),
            sleep=self.store.sleep,
            reraise=True,
        )
        try:
            return retrying(make)
        except CommitFailedError as error:
            raise PromotionError(
                f"Other promotions got ahead in each of {ATTEMPTS} attempts: decide again when "
                "they are done."
            ) from error


@dataclass(frozen=True)
class _Line:
    """Who is champion from now on, about whom that was decided, and who was champion before."""

    number: int
    feature_set: str
    action: Action
    chosen: ModelVersion | None
    about: ModelVersion
    before: ModelVersion | None


def _number(version: ModelVersion | None) -> int:
    return version.version if version else NOBODY


def _day(version: ModelVersion) -> date:
    told = version.tags.get(DAY, "")
    try:
        return date.fromisoformat(told)
    except ValueError as error:
        raise PromotionError(
            f"{version.name} {version.version} does not say which day it is of (tag {DAY}): "
            "train the model again."
        ) from error


def _as_json(verdicts: Iterable[Verdict]) -> str:
    told = {}
    for verdict in verdicts:
        said = asdict(verdict)
        told[said.pop("name")] = said
    return json.dumps(told, sort_keys=True)
