"""Any path, any question, over a lake with nothing and one full of attacks: no mistake of ours."""

import re
from urllib.parse import quote

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from crash_platform_tests.serving.attacks.attacker import Attacker
from crash_platform_tests.serving.attacks.poisoned import TEXTS
from crash_platform_tests.serving.attacks.test_questions import CONTROLS, INJECTIONS
from crash_platform_tests.serving.test_who_may import paths

FEW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
LONG = {"/live/events", "/data-quality"}
"""An answer without end, and one that takes seconds: both are asked elsewhere."""

values = (
    st.text(max_size=20)
    | st.sampled_from([*INJECTIONS, *TEXTS])
    | st.dates().map(str)
    | st.sampled_from(["day", "week", "6", "48", "first_report", "models", "injured", "Q"])
)
names = st.sampled_from(sorted({name for each in CONTROLS.values() for name in each}))
queries = st.lists(st.tuples(names | st.text(max_size=8), values), max_size=5)
pieces = st.text(max_size=12) | st.sampled_from(["..", ".", "%2e", "a.csv", "trend.csv", "state"])


def sent(text: str) -> str:
    """A text as it stands in an address; half a character as a program might send it."""
    return quote(text, safe="", errors="surrogatepass")


@st.composite
def addresses(draw: st.DrawFn, known: list[str]) -> tuple[str, bytes]:
    """A path that there is, or nearly; and a question."""
    path = draw(st.sampled_from(known))
    path = re.sub(r"\{\w+\}", lambda _: sent(draw(pieces)), path)
    if draw(st.booleans()):
        path += "/" * draw(st.booleans()) + sent(draw(pieces))
    query = "&".join(f"{sent(name)}={sent(value)}" for name, value in draw(queries))
    return path, query.encode()


@pytest.fixture(scope="module")
def known(empty: Attacker) -> list[str]:
    """Every path that can be opened."""
    return sorted(path for method, path in paths(empty.app) if method == "GET" and path not in LONG)


@FEW
@given(data=st.data())
def test_any_address_of_an_empty_lake_is_answered(
    empty: Attacker, known: list[str], data: st.DataObject
) -> None:
    asked(empty, *data.draw(addresses(known)))


@FEW
@given(data=st.data())
def test_any_address_of_a_lake_full_of_attacks_is_answered(
    poisoned: Attacker, known: list[str], data: st.DataObject
) -> None:
    asked(poisoned, *data.draw(addresses(known)))


def asked(attacker: Attacker, path: str, query: bytes) -> None:
    answer = attacker.get(path, query)
    assert answer.status in (200, 403, 404, 422), (path, query)
