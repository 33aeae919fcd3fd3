"""Whether a table is, row by row, what its recipe makes of its inputs: as a promise, and as days.

For tables that nothing but their inputs decides; silver itself is compared with bronze elsewhere.
"""

from collections.abc import Iterable
from datetime import date

from crash_platform.engine.plan import Engine, Input, Step
from crash_platform.lake.store import Store
from crash_platform.orchestration.promises import Promise
from crash_platform.orchestration.tables import Recipe

HELD = "held_rows"
"""The name by which the SQL knows the table as it is."""


def recomputation_changes_nothing(recipe: Recipe) -> Promise:
    """The promise that a table is exactly what its recipe makes of its inputs now.

    Raises:
        ValueError: the recipe reads more than tables of the lake.
    """
    _refuse_more_than_tables(recipe)
    read = tuple((table.name, table, 0) for table in recipe.inputs)
    return Promise(
        "recomputation_changes_nothing",
        recipe.table,
        "Made anew from its inputs, the table would hold the same rows.",
        _differing(recipe),
        (*read, (HELD, recipe.table, 0)),
        steps=tuple(recipe.steps()),
    )


def stale_days(recipes: Iterable[Recipe], engine: Engine, store: Store) -> list[date]:
    """The days in which a table is not what its recipe makes of its inputs, in order.

    A run that fails between silver and gold leaves such days behind.

    Raises:
        ValueError: a recipe reads more than tables of the lake.
    """
    return sorted({day for recipe in recipes for day in _stale(recipe, engine, store)})


def _stale(recipe: Recipe, engine: Engine, store: Store) -> list[date]:
    _refuse_more_than_tables(recipe)
    inputs: dict[str, Input] = {table.name: store.slice(table) for table in recipe.inputs}
    day = recipe.table.day_column
    steps = (
        *recipe.steps(),
        Step("differing", _differing(recipe)),
        Step("stale", f"SELECT DISTINCT {day} FROM differing"),
    )
    rows = engine.stream({**inputs, HELD: store.slice(recipe.table)}, steps).read_all()
    days: list[date] = rows[day].to_pylist()
    return days


def _differing(recipe: Recipe) -> str:
    names = ", ".join(recipe.table.schema.names)
    made, held = f"SELECT {names} FROM {recipe.steps()[-1].name}", f"SELECT {names} FROM {HELD}"
    return (
        f"SELECT 'missing' AS fault, {names} FROM ({made} EXCEPT ALL {held}) AS missing UNION ALL "
        f"SELECT 'superfluous' AS fault, {names} FROM ({held} EXCEPT ALL {made}) AS superfluous"
    )


def _refuse_more_than_tables(recipe: Recipe) -> None:
    if recipe.prepared is not None or recipe.lookups():
        raise ValueError(f"{recipe.table.path} is made from more than tables of the lake")
