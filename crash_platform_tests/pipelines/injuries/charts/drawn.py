"""What a panel shows, as plain numbers and words, for the tests of this room."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Values = NDArray[np.float64]


def lines(axes: "Axes") -> list[tuple[Values, Values]]:
    """The x and y of every line, in the order they were drawn."""
    return [(np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in axes.lines]


def labelled(axes: "Axes") -> dict[str, tuple[Values, Values]]:
    """The lines by what the legend calls them."""
    names = [str(line.get_label()) for line in axes.lines]
    return dict(zip(names, lines(axes), strict=True))


def bars(axes: "Axes") -> list[tuple[float, float]]:
    """Width and height of every bar."""
    return [
        (each.get_width(), each.get_height())
        for each in axes.patches
        if isinstance(each, Rectangle)
    ]


def rows(axes: "Axes") -> list[str]:
    """What the rows of a panel are called, from top to bottom."""
    return [text.get_text() for text in axes.get_yticklabels()]


def notes(axes: "Axes") -> list[str]:
    """The words written into a panel."""
    return [text.get_text() for text in axes.texts]


def in_legend(axes: "Axes") -> list[str]:
    """The words of a panel's legend."""
    legend = axes.get_legend()
    return [] if legend is None else [text.get_text() for text in legend.get_texts()]


def grid(axes: "Axes") -> Values:
    """The numbers of a panel's coloured grid; NaN where there is none."""
    values = axes.collections[0].get_array()
    return np.ma.filled(np.ma.asarray(values, np.float64), np.nan)
