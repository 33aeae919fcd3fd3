"""Every shared SQL function on nasty values: the same answers from every engine."""

from itertools import groupby

import pytest

from crash_platform.engine.duckdb_engine import DuckDBEngine
from crash_platform.engine.functions import FUNCTIONS, Function
from crash_platform.engine.plan import Engine
from crash_platform_tests.engine.function_cases import CASES, answers, function_named, suite
from crash_platform_tests.engine.spark import spark_or_skip

BY_FUNCTION = [
    (name, list(cases)) for name, cases in groupby(CASES, key=lambda case: case.function)
]


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)], scope="module")
def engine(request: pytest.FixtureRequest) -> Engine:
    return DuckDBEngine() if request.param == "duckdb" else spark_or_skip()


def found(engine: Engine, name: str) -> dict[str, object]:
    cases = [case for case in CASES if case.function == name]
    given = answers(engine, function_named(name), [case.arguments for case in cases])
    return {repr(case.arguments): answer for case, answer in zip(cases, given, strict=True)}


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_function_answers_as_its_description_says(engine: Engine, function: Function) -> None:
    wanted = {repr(c.arguments): c.answer for c in CASES if c.function == function.name}
    assert wanted, f"{function.name} has no case"
    assert found(engine, function.name) == wanted


@pytest.mark.spark
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_both_engines_answer_nasty_values_alike(function: Function) -> None:
    rows = list(suite(function))
    ours = answers(DuckDBEngine(), function, rows)
    theirs = answers(spark_or_skip(), function, rows)
    differing = {
        repr(row): (mine, other)
        for row, mine, other in zip(rows, ours, theirs, strict=True)
        if repr(mine) != repr(other)
    }
    assert not differing


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_no_nasty_value_stops_a_query(function: Function) -> None:
    rows = list(suite(function))
    assert len(answers(DuckDBEngine(), function, rows)) == len(rows)
