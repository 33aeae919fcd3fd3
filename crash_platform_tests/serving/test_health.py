"""What the API says of itself, and to whom."""

import pytest

from crash_platform.pipelines.injuries.answering import Answerer, NoModelError
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform_tests.pipelines.injuries.small_model import AS_OF, small_model
from crash_platform_tests.pipelines.reports.live.newsroom import champions
from crash_platform_tests.serving.asking import BODY, Api, StrictGuard, problem


def nobody() -> Answerer:
    raise NoModelError("No injury model is champion yet (MLflow at there does not answer).")


def test_a_process_lives_whether_it_has_a_champion_or_not() -> None:
    for api in (Api(), Api(answerer=nobody)):
        assert (api.get("/health").status_code, api.get("/health").json()) == (
            200,
            {"status": "alive"},
        )


def test_with_a_champion_it_is_ready(api: Api) -> None:
    assert api.get("/ready").json() == {
        "status": "ready",
        "versions": {"first_report": 7, "full_report": 7},
    }


def test_without_a_champion_it_is_not_ready_and_says_why() -> None:
    refused = Api(answerer=nobody).get("/ready")
    assert problem(refused) == (503, "no_model")
    assert "MLflow at there" in refused.json()["error"]["message"]


def test_strangers_do_not_learn_what_keeps_the_registry_away() -> None:
    api = Api(answerer=nobody, guard=StrictGuard())
    refused = api.get("/ready")
    assert problem(refused) == (503, "no_model")
    assert "MLflow" not in refused.text
    told = api.get("/model", headers={"Authorization": "Bearer reader"})
    assert "MLflow at there" in told.json()["error"]["message"]


def test_it_is_not_ready_while_first_reports_have_no_champion() -> None:
    api = Api(answerer=lambda: champions("full_report"))
    assert problem(api.get("/ready")) == (503, "no_model")
    assert api.post("/predict", BODY).status_code == 200


@pytest.mark.parametrize("feature_set", sorted(FEATURE_SETS))
def test_the_model_says_what_it_was_made_of(api: Api, feature_set: str) -> None:
    cards = {card.pop("feature_set"): card for card in api.get("/model").json()["champions"]}
    model = small_model(feature_set)
    assert cards[feature_set] == {
        "model_version": 7,
        "model_as_of": AS_OF.isoformat(),
        "threshold": model.threshold,
        "features": list(FEATURE_SETS[feature_set]),
        "trained": [str(model.split.train.first), str(model.split.train.last)],
        "tested": [str(model.split.test.first), str(model.split.test.last)],
    }


def test_health_and_readiness_need_no_key_and_the_model_a_readers() -> None:
    guard = StrictGuard()
    api = Api(guard=guard)
    assert [api.get(path).status_code for path in ("/health", "/ready")] == [200, 200]
    assert guard.asked == []
    assert problem(api.get("/model")) == (401, "unauthorized")
    assert api.get("/model", headers={"Authorization": "Bearer reader"}).status_code == 200
    assert [role for _, role, _ in guard.asked] == ["reader", "reader"]
