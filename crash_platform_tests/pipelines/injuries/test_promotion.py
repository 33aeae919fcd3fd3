"""Who becomes champion, how it is written down, and that a kill in between is healed."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from deltalake.exceptions import CommitFailedError
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.lake.contract import Table
from crash_platform.lake.frame import Frame
from crash_platform.lake.store import Commit, Store
from crash_platform.modelling.registry import ModelVersion, RegistryError
from crash_platform.pipelines.injuries.ledger import Decision, last_decision, ledger, record
from crash_platform.pipelines.injuries.promotion import (
    Promoter,
    PromotionError,
    Verdict,
    decide,
    registered_name,
    verdict_tags,
    verdicts_of,
)
from crash_platform_tests.lake.things import store_in
from crash_platform_tests.modelling.registries import NOW, FakeRegistry

SET, OTHER = "first_report", "full_report"
NAME = "injury_first_report"
GOOD = (
    Verdict("brier", True, True, "Brier is lower by 0.004."),
    Verdict("fairness", False, False, "Bronx has ECE 0.09."),
)
BAD = (*GOOD, Verdict("auc", False, True, "AUC is lower by 0.02."))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path / "lake")


@pytest.fixture
def registry() -> FakeRegistry:
    """Two versions of each model; the newest is challenger."""
    made = FakeRegistry()
    for feature_set in (SET, OTHER):
        for day in ("2024-02-01", "2024-02-02"):
            made.add(f"injury_{feature_set}", f"sha-{feature_set}-{day}", {"as_of_date": day})
    return made


@pytest.fixture
def promoter(registry: FakeRegistry, store: Store) -> Promoter:
    return Promoter(registry, store, "ada", NOW)


def aliases(registry: FakeRegistry, feature_set: str = SET) -> dict[str, int]:
    return registry.aliases[f"injury_{feature_set}"]


def told(store: Store) -> list[tuple[int, str, str, int, int, int | None]]:
    return [
        (
            d.number,
            d.feature_set,
            d.action,
            d.model_version,
            d.challenger_version,
            d.previous_version,
        )
        for d in ledger(store)
    ]


@pytest.mark.parametrize(
    ("verdicts", "has_champion", "force", "action", "reason"),
    [
        (GOOD, True, False, "promoted", "It passes all required gates (1)."),
        (GOOD, False, True, "promoted", "It passes all required gates (1); it is the first"),
        (BAD, True, False, "kept", "The champion stays; not passed: auc (AUC is lower by 0.02)."),
        (BAD, False, False, "kept", "There is still no champion; not passed: auc"),
        (BAD, True, True, "forced", "Promoted by force; not passed: auc (AUC is lower by 0.02)."),
        (GOOD[1:], True, False, "kept", "The champion stays; no required gate was judged."),
        ((), True, True, "forced", "Promoted by force; no required gate was judged."),
    ],
)
def test_only_required_gates_decide(
    verdicts: tuple[Verdict, ...], has_champion: bool, force: bool, action: str, reason: str
) -> None:
    found, why = decide(verdicts, has_champion=has_champion, force=force)
    assert found == action
    assert why.startswith(reason)


@given(
    st.lists(
        st.builds(Verdict, st.text(), st.booleans(), st.booleans(), st.text()),
        unique_by=lambda verdict: verdict.name,
    )
)
def test_verdicts_survive_their_tags(verdicts: list[Verdict]) -> None:
    registry = FakeRegistry()
    tags = verdict_tags(verdicts)
    found = verdicts_of(registry.add(NAME, "sha", tags))
    assert sorted(found, key=lambda v: v.name) == sorted(verdicts, key=lambda v: v.name)
    assert (tags["gates_passed"] == "true") == (decide(verdicts, has_champion=True)[0] != "kept")


def test_a_tag_that_holds_no_verdicts_is_refused() -> None:
    for damaged in ("{", "[1]", '{"auc": {"passed": true}}'):
        version = FakeRegistry().add(NAME, "sha", {"gates": damaged})
        with pytest.raises(PromotionError, match="does not hold verdicts"):
            verdicts_of(version)


def test_an_unknown_feature_set_is_refused() -> None:
    with pytest.raises(PromotionError, match="choose first_report or full_report"):
        registered_name("third_report")


def test_the_first_good_model_becomes_champion_and_the_ledger_says_why(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    made = promoter.promote(SET, 2, GOOD)
    assert ledger(store) == [made]
    assert made == Decision(
        decided_date=date(2024, 3, 1),
        feature_set=SET,
        action="promoted",
        model_version=2,
        challenger_version=2,
        previous_version=None,
        as_of_date=date(2024, 2, 2),
        artefact_sha256="sha-first_report-2024-02-02",
        reason="It passes all required gates (1); it is the first champion.",
        gates=verdict_tags(GOOD)["gates"],
        decided_by="ada",
        decided_at=datetime(2024, 3, 1, 12, tzinfo=UTC),
        number=1,
    )
    assert json.loads(made.gates)["brier"]["passed"] is True
    assert aliases(registry) == {"champion": 2}


def test_a_model_that_fails_a_required_gate_is_kept_out_and_that_is_written_once(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    kept = promoter.promote(SET, 2, BAD)
    again = replace(promoter, now=NOW.replace(hour=20)).promote(SET, 2, BAD)
    assert again == kept
    assert told(store)[1:] == [(2, SET, "kept", 1, 2, 1)]
    assert ledger(store)[1].artefact_sha256 == "sha-first_report-2024-02-01"
    assert aliases(registry) == {"champion": 1, "challenger": 2}


def test_without_a_champion_a_bad_model_leaves_none(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    promoter.promote(SET, 1, BAD)
    assert told(store) == [(1, SET, "kept", 0, 1, None)]
    assert ledger(store)[0].artefact_sha256 == ""
    assert aliases(registry) == {"challenger": 2}


def test_force_is_written_as_forced_and_the_champion_again_changes_nothing(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    promoter.promote(SET, 2, BAD, force=True)
    assert told(store)[1:] == [(2, SET, "forced", 2, 2, 1)]
    assert promoter.promote(SET, 2, GOOD) is None
    assert len(ledger(store)) == 2
    assert aliases(registry) == {"champion": 2, "previous": 1}


def test_a_roll_back_swaps_and_is_written_down(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    promoter.promote(SET, 2, GOOD)
    back = promoter.roll_back(SET)
    assert told(store)[2:] == [(3, SET, "rolled_back", 1, 1, 2)]
    assert back.reason == "Back from version 2 to version 1."
    assert back.artefact_sha256 == "sha-first_report-2024-02-01"
    assert aliases(registry) == {"champion": 1, "previous": 2}
    promoter.roll_back(SET)
    assert aliases(registry) == {"champion": 2, "previous": 1}


def test_nothing_to_go_back_to_is_one_sentence_and_writes_nothing(
    promoter: Promoter, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    with pytest.raises(PromotionError, match="injury_first_report has no earlier champion"):
        promoter.roll_back(SET)
    assert len(ledger(store)) == 1


def test_an_unknown_version_and_one_without_a_day_write_nothing(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    with pytest.raises(RegistryError, match="no version 7"):
        promoter.promote(SET, 7, GOOD)
    number = registry.add(NAME, "sha", {"as_of_date": "soon"}).version
    with pytest.raises(PromotionError, match="which day it is of"):
        promoter.promote(SET, number, GOOD)
    assert ledger(store) == []


def test_a_promotion_killed_before_the_alias_is_completed_by_the_next_call(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    with pytest.raises(KeyboardInterrupt):
        Promoter(DiesAt(registry, 2), store, "ada", NOW).promote(SET, 2, GOOD)
    assert aliases(registry)["champion"] == 1
    assert promoter.promote(SET, 2, GOOD) is None
    assert aliases(registry) == {"champion": 2, "previous": 1}
    assert [line[3] for line in told(store)] == [1, 2]


def test_a_killed_roll_back_is_completed_and_not_undone(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    promoter.promote(SET, 2, GOOD)
    with pytest.raises(KeyboardInterrupt):
        Promoter(DiesAt(registry, 1), store, "ada", NOW).roll_back(SET)
    assert aliases(registry) == {"champion": 2, "previous": 1}
    assert promoter.roll_back(SET).number == 3
    assert aliases(registry) == {"champion": 1, "previous": 2}
    assert len(ledger(store)) == 3


def test_aliases_set_by_hand_follow_the_ledger_again(
    promoter: Promoter, registry: FakeRegistry
) -> None:
    promoter.promote(SET, 1, GOOD)
    registry.promote(NAME, 2)
    champion = promoter.align(SET)
    assert champion is not None
    assert champion.version == 1


def test_a_ledger_of_another_registry_leaves_the_aliases_alone(
    promoter: Promoter, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    anew = FakeRegistry()
    anew.add(NAME, "another sha", {"as_of_date": "2024-03-01"})
    decision = Promoter(anew, store, "ada", NOW).promote(SET, 1, GOOD)
    assert decision is not None
    assert (decision.number, decision.previous_version) == (2, None)
    assert aliases(anew) == {"champion": 1}


def test_the_models_share_a_ledger_but_no_champion(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    promoter.promote(SET, 1, GOOD)
    promoter.promote(OTHER, 2, GOOD)
    assert [line[:2] for line in told(store)] == [(1, SET), (2, OTHER)]
    last = last_decision(store, SET)
    assert last is not None
    assert last.model_version == 1
    assert aliases(registry, OTHER) == {"champion": 2}


def test_a_decision_is_appended_once_and_never_over_another(
    promoter: Promoter, store: Store
) -> None:
    made = promoter.promote(SET, 1, GOOD)
    assert made is not None
    record(store, made)
    assert ledger(store) == [made]
    with pytest.raises(CommitFailedError):
        record(store, replace(made, decided_by="grace"))
    assert ledger(store) == [made]


def test_who_is_overtaken_decides_anew_on_what_the_other_wrote(
    promoter: Promoter, registry: FakeRegistry, store: Store
) -> None:
    late = Overtaken(store.location, sleep=lambda _: None, by=promoter)
    decision = Promoter(registry, late, "grace", NOW).promote(SET, 2, GOOD)
    assert decision is not None
    assert (decision.number, decision.previous_version) == (2, 1)
    assert [line[3] for line in told(store)] == [1, 2]
    assert aliases(registry) == {"champion": 2, "previous": 1}


def test_who_is_always_overtaken_is_told_so(registry: FakeRegistry, store: Store) -> None:
    hopeless = Hopeless(store.location, sleep=lambda _: None)
    with pytest.raises(PromotionError, match="got ahead in each of 12 attempts"):
        Promoter(registry, hopeless, "ada", NOW).promote(SET, 1, GOOD)
    assert aliases(registry) == {"challenger": 2}


class DiesAt(FakeRegistry):
    """Dies at the moment a version would become champion; the rest is another's."""

    def __init__(self, other: FakeRegistry, number: int) -> None:
        super().__init__(other.held, other.aliases)
        self.number = number

    def promote(self, name: str, number: int) -> ModelVersion | None:
        if number == self.number:
            raise KeyboardInterrupt
        return super().promote(name, number)


@dataclass(frozen=True)
class Overtaken(Store):
    """Lets another decide between this one's question for the number and its first append."""

    by: Promoter | None = None

    def append_once(self, table: Table, frame: Frame, app_id: str, number: int) -> Commit | None:
        assert self.by is not None
        if number == 1:
            self.by.promote(SET, 1, GOOD)
        return super().append_once(table, frame, app_id, number)


class Hopeless(Store):
    """Is always overtaken."""

    def append_once(self, table: Table, frame: Frame, app_id: str, number: int) -> Commit | None:
        raise CommitFailedError("overtaken")
