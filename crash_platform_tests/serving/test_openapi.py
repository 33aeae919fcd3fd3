"""Whatever the OpenAPI document allows, and much that it does not, gets an answer it announces."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from crash_platform_tests.serving.asking import Api, StrictGuard

pytestmark = pytest.mark.openapi
EXAMPLES = 150
OPERATIONS = [
    "POST /predict",
    "POST /predict/batch",
    "POST /invocations",
    "GET /health",
    "GET /ready",
    "GET /model",
]


def operations(api: Api) -> dict[str, Any]:
    """The operations of the API's own document, by name."""
    schemathesis = pytest.importorskip(
        "schemathesis", reason="needs the ci extra: make .venv/.installed-full"
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", api.app)
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


def hold_to_the_document(operation: Any) -> None:
    """Ask with made-up requests; every answer has an announced status, and its announced form."""
    statuses = set()

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def asked(case: Any) -> None:
        answer = case.call()
        statuses.add(answer.status_code)
        case.validate_response(answer)

    asked()
    assert statuses
    assert max(statuses) < 500


def test_the_document_has_every_path_of_the_api_and_no_page() -> None:
    assert sorted(operations(Api())) == sorted(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_one_that_the_document_announces(name: str) -> None:
    hold_to_the_document(operations(Api())[name])


@pytest.mark.parametrize("name", ["POST /predict", "GET /model"])
def test_without_a_key_every_refusal_is_announced_too(name: str) -> None:
    hold_to_the_document(operations(Api(guard=StrictGuard()))[name])
