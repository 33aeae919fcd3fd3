import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from crash_platform.pipelines.injuries.charts import canvas
from crash_platform.pipelines.injuries.charts.canvas import Sketch, apart, png


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([0.2, 0.8], [0.2, 0.8]),
        ([0.5, 0.5], [0.5, 0.6]),
        ([0.98, 1.0], [0.9, 1.0]),
        ([0.01, 0.0], [0.1, 0.0]),
        ([-3.0, 7.0], [0.0, 1.0]),
        ([], []),
    ],
)
def test_labels_stand_where_they_belong_or_a_little_apart(
    wanted: list[float], found: list[float]
) -> None:
    assert apart(wanted, 0.1) == pytest.approx(found)


def test_labels_without_room_keep_their_distance_and_leave_the_panel() -> None:
    places = apart([0.5] * 15, 0.1)
    assert all(after - before >= 0.1 - 1e-9 for before, after in pairwise(places))
    assert places[0] == pytest.approx(0.0)


def test_a_picture_is_1200_pixels_wide_carries_its_words_and_is_the_same_again() -> None:
    first, second = png(_sketch()), png(_sketch())
    picture = Image.open(io.BytesIO(first))
    assert first == second
    assert picture.size == (1200, 300)
    assert picture.info["Title"] == "It rises by 0.5."
    assert picture.info["Description"] == "Up is more."


def test_few_colours_still_hold_every_colour_that_means_something() -> None:
    picture = Image.open(io.BytesIO(png(_sketch()))).convert("RGB")
    shown = np.unique(np.asarray(picture).reshape(-1, 3), axis=0).astype(np.int64)
    for name in (canvas.BLUE, canvas.ORANGE, canvas.GREEN, canvas.SKY, canvas.PURPLE):
        wanted = [int(name[start : start + 2], 16) for start in (1, 3, 5)]
        assert np.abs(shown - wanted).sum(axis=1).min() <= 12, name


def _sketch() -> Sketch:
    figure, panels = canvas.row_of_panels(2.0, (1, 1))
    for axes in panels:
        canvas.style(axes, "Both", "x", "y")
    colours = (canvas.BLUE, canvas.ORANGE, canvas.GREEN, canvas.SKY, canvas.PURPLE)
    for place, colour in enumerate(colours):
        panels[0].plot([0, 1], [place, place + 0.5], color=colour, linewidth=1.2)
    return Sketch("It rises by 0.5.", "Up is more.", figure)
