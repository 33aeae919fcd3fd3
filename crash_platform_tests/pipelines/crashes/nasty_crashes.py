"""A fixed set of records that every engine might read its own way, in two deliveries."""

from collections.abc import Iterator
from datetime import date
from itertools import product

from crash_platform.lake.contract import Window
from crash_platform.pipelines.crashes.bronze import Delivery
from crash_platform.pipelines.crashes.dialects import RAW_FIELDS
from crash_platform.pipelines.crashes.places import load_borough_edges
from crash_platform_tests.engine.function_cases import NASTY
from crash_platform_tests.pipelines.crashes.raw_crashes import Row, delivery, raw

CHANGE_DAYS = ("2024-03-10", "2023-03-12", "2024-11-03", "2024-03-03", "2024-03-11")
TIMES = ("0:59", "1:00", "1:59", "2:00", "2:59", "3:00", "02:30", "24:00")
OTHER_DAYS = Window(date(2024, 3, 6), date(2024, 3, 12))


def first_delivery() -> Delivery:
    """Every nasty text in every field, every change of the clock, points on borough outlines."""
    return delivery([*_texts(), *_clock(), *_points()])


def second_delivery() -> Delivery:
    """The same records, each field with the next nasty text; others move, come late or go."""
    texts = NASTY[1:] + NASTY[:1]
    moved = [raw(number, crash_date=day) for number, day in zip(_ids(3), CHANGE_DAYS, strict=False)]
    late = [raw(900_000 + number, crash_date="2024-03-05") for number in range(3)]
    return delivery([*_texts(texts), *moved, *late], number=1, complete=OTHER_DAYS)


def _texts(texts: tuple[str | None, ...] = NASTY) -> Iterator[Row]:
    fields = [name for name in RAW_FIELDS if name != "location"]
    for number, (field, text) in enumerate(product(fields, texts)):
        yield raw(1000 + number, **{field: text})


def _clock() -> Iterator[Row]:
    for number, (day, time) in zip(_ids(3), product(CHANGE_DAYS, TIMES), strict=False):
        yield raw(number, crash_date=f"{day}T00:00:00.000", crash_time=time)


def _points() -> Iterator[Row]:
    edges = load_borough_edges().to_pylist()[::25]
    for number, edge in zip(_ids(4), edges, strict=False):
        middle = (edge["x1"] + edge["x2"]) / 2, (edge["y1"] + edge["y2"]) / 2
        x, y = middle if number % 2 else (edge["x1"], edge["y1"])
        yield raw(number, latitude=f"{y:.15f}", longitude=f"{x:.15f}", borough=None)


def _ids(thousands: int) -> range:
    return range(thousands * 100_000, (thousands + 1) * 100_000)
