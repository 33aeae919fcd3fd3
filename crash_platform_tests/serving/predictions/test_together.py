"""Reports that are asked about at the same moment."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.errors import PlatformError
from crash_platform.pipelines.injuries.answering import Answerer, NoModelError
from crash_platform.serving.predictions.together import Together
from crash_platform_tests.pipelines.reports.live.newsroom import champions
from crash_platform_tests.serving.asking import BODY, FIRST, JSON, Api


@dataclass
class Halver:
    """Halves even numbers; it remembers what it was asked together."""

    asked: list[list[int]] = field(default_factory=list)

    def answer(self, numbers: Sequence[int]) -> list[int]:
        """Half of each.

        Raises:
            PlatformError: one of them is odd.
        """
        self.asked.append(list(numbers))
        if any(number % 2 for number in numbers):
            raise PlatformError("One of them is odd.")
        return [number // 2 for number in numbers]


def _ask(halver: Any, *numbers: int) -> list[int | BaseException]:
    together: Together[int, int] = Together(halver)

    async def asked() -> list[int | BaseException]:
        return await asyncio.gather(*map(together.ask, numbers), return_exceptions=True)

    return asyncio.run(asked())


@given(st.lists(st.integers(0, 100).map(lambda number: number * 2)))
def test_everybody_gets_the_answer_to_what_they_asked(numbers: list[int]) -> None:
    halver = Halver()
    assert _ask(halver.answer, *numbers) == [number // 2 for number in numbers]
    assert halver.asked == ([numbers] if numbers else [])


def test_who_cannot_be_answered_does_not_keep_others_from_their_answers() -> None:
    one, error, three = _ask(Halver().answer, 2, 3, 6)
    assert (one, three) == (1, 3)
    assert isinstance(error, PlatformError)


def test_a_bug_is_told_to_everybody() -> None:
    def broken(_: Sequence[int]) -> list[int]:
        raise ZeroDivisionError

    assert [type(each) for each in _ask(broken, 1, 2)] == [ZeroDivisionError] * 2


def test_too_few_answers_are_a_bug_and_leave_nobody_waiting() -> None:
    told = _ask(lambda numbers: list(numbers)[1:], 1, 2)
    assert [type(each) for each in told] == [ValueError] * 2


def test_whoever_has_gone_is_not_asked_about() -> None:
    halver = Halver()

    async def left() -> int:
        together: Together[int, int] = Together(halver.answer)
        gone = asyncio.ensure_future(together.ask(2))
        stays = asyncio.ensure_future(together.ask(4))
        asyncio.get_running_loop().call_soon(gone.cancel)
        return await stays

    assert asyncio.run(left()) == 2
    assert halver.asked in ([[4]], [[2, 4]])


async def _posted(api: Api, bodies: Sequence[dict[str, Any]]) -> list[httpx.Response]:
    transport = httpx.ASGITransport(api.app, client=("127.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        return await asyncio.gather(
            *(http.post("/predict", json=body, headers=JSON) for body in bodies)
        )


def test_requests_of_one_moment_are_answered_as_they_would_be_alone() -> None:
    bodies = [{**BODY, "crash_time": f"{hour}:00"} for hour in range(12)] + [FIRST, BODY]
    api = Api()
    together = [each.json() for each in asyncio.run(_posted(api, bodies))]
    alone = [api.post("/predict", body).json() for body in bodies]
    assert together == alone
    assert len({each["probability"] for each in together}) > 1


def test_without_the_model_that_one_needs_the_others_are_answered() -> None:
    api = Api(answerer=lambda: champions("full_report"))
    answers = asyncio.run(_posted(api, [BODY, FIRST, BODY]))
    assert [each.status_code for each in answers] == [200, 503, 200]


def test_a_missing_champion_is_told_as_before() -> None:
    def none() -> Answerer:
        raise NoModelError("No injury model is champion yet.")

    [answer] = asyncio.run(_posted(Api(answerer=none), [BODY]))
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "no_model"
