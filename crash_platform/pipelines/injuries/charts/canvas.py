"""The look of every chart: one width, calm axes, colours that colour-blind readers tell apart.

The only module that knows matplotlib; what is drawn on a canvas is for the other modules to say.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

Panel: TypeAlias = "Axes"

WIDTH, DPI = 8.0, 150
TITLE, LABEL, SMALL = 10.5, 9.5, 9.0
"""Points; the picture is 1,200 pixels wide."""
PALETTE = 192
"""Colours of a picture: a third of the bytes of true colour, and no difference to be seen."""

INK, SOFT, FAINT = "#1c2430", "#5b6675", "#d9dee5"
BLUE, ORANGE, GREEN, SKY = "#0072b2", "#e69f00", "#009e73", "#56b4e9"
VERMILION, PURPLE = "#d55e00", "#cc79a7"
ROOM_OF_A_TICK = 1.35


@dataclass(frozen=True)
class Sketch:
    """A chart before it becomes a picture: its finding, how to read it, and the figure."""

    title: str
    reading: str
    figure: "Figure"


def canvas(height: float) -> "Figure":
    """An empty figure, 8 inches wide and so many high."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.06)
    return Figure(figsize=(WIDTH, height), dpi=DPI, layout=layout, facecolor="white")


def row_of_panels(height: float, widths: Sequence[float]) -> tuple["Figure", list[Panel]]:
    """A figure with panels side by side, as wide as said relative to each other."""
    figure = canvas(height)
    panels = figure.subplots(1, len(widths), squeeze=False, width_ratios=list(widths))
    return figure, list(panels[0])


def column_of_panels(heights: Sequence[float]) -> tuple["Figure", list[Panel]]:
    """A figure with panels on top of each other over one x axis, each so many inches high."""
    figure = canvas(sum(heights))
    panels = figure.subplots(
        len(heights), 1, squeeze=False, sharex=True, height_ratios=list(heights)
    )
    return figure, list(panels[:, 0])


def style(
    axes: Panel,
    title: str,
    x: str = "",
    y: str = "",
    grid: Literal["x", "y", "both"] | None = "y",
) -> None:
    """Give a panel its title and the names of its axes (with units), and take the rest away."""
    axes.set_title(title, loc="left", fontsize=TITLE, fontweight="bold", color=INK)
    axes.set_xlabel(x, fontsize=LABEL, color=SOFT)
    axes.set_ylabel(y, fontsize=LABEL, color=SOFT)
    axes.tick_params(labelsize=SMALL, colors=SOFT, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(SOFT)
    axes.set_axisbelow(True)
    if grid is not None:
        axes.grid(axis=grid, color=FAINT, linewidth=0.7)


def name_rows(axes: Panel, names: Sequence[str]) -> None:
    """Name the rows 0, 1, ... of a panel at its left side, from top to bottom."""
    axes.set_yticks(range(len(names)), list(names))
    axes.tick_params(axis="y", length=0, labelsize=SMALL, labelcolor=INK)
    axes.set_ylim(len(names) - 0.4, -0.6)


def note(axes: Panel, at: tuple[float, float], text: str, colour: str = SOFT, **look: Any) -> None:
    """Write a few small words into a panel.

    ``frame`` says what ``at`` is counted in: ``data`` (as if not given), ``panel`` for shares of
    the panel, ``x`` or ``y`` for data along that axis only; the rest is as ``Axes.text`` takes it.
    """
    frames = {
        "data": axes.transData,
        "panel": axes.transAxes,
        "x": axes.get_xaxis_transform(),
        "y": axes.get_yaxis_transform(),
    }
    frame = frames[look.pop("frame", "data")]
    axes.text(*at, text, color=colour, fontsize=SMALL, transform=frame, **look)


def label_bars(axes: Panel, bars: Any, texts: Sequence[str]) -> None:
    """Write a figure at the end of every bar."""
    white = {"facecolor": "white", "edgecolor": "none", "pad": 0.3}
    axes.bar_label(bars, list(texts), fontsize=SMALL, color=INK, padding=2, bbox=white)


def legend(axes: Panel, place: Literal["upper left", "lower left", "lower right"]) -> None:
    """Say what the colours mean, where no label fits beside the lines."""
    axes.legend(
        loc=place, fontsize=SMALL, framealpha=0.85, edgecolor="none", labelcolor=INK, borderpad=0.2
    )


def label_ends(axes: Panel, ends: Sequence[tuple[float, str, str]], gap: float = 0.075) -> None:
    """Write beside the right edge what each line is: (its y there, text, colour).

    ``gap`` is the least distance of two texts as a share of the panel's height.
    """
    low, high = axes.get_ylim()
    wanted = [(y - low) / (high - low) for y, _, _ in ends]
    for height, (_, text, colour) in zip(apart(wanted, gap), ends, strict=True):
        note(axes, (1.015, height), text, colour, frame="panel", va="center")


def apart(wanted: Sequence[float], gap: float) -> list[float]:
    """The places nearest to those wanted, inside 0..1, of which no two are closer than ``gap``.

    Their order is kept. Where there is no room for all, they start at 0 and go beyond 1.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    places = [min(max(wanted[index], 0.0), 1.0) for index in order]
    for position in range(1, len(places)):
        places[position] = max(places[position], places[position - 1] + gap)
    limit = 1.0
    for position in reversed(range(len(places))):
        places[position] = max(min(places[position], limit), position * gap)
        limit = places[position] - gap
    found = dict(zip(order, places, strict=True))
    return [found[index] for index in range(len(wanted))]


def percent(axis: "Axis", decimals: int | None = 0) -> None:
    """Write an axis of shares (0-1) in percent."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, decimals=decimals, symbol=" %"))


def counts(axis: "Axis", ticks: int = 6) -> None:
    """Write an axis of whole numbers with commas between the thousands."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axis.set_major_locator(MaxNLocator(ticks, integer=True))
    axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def doubling(axes: Panel, values: Sequence[float]) -> None:
    """Make x logarithmic, with as many of the values as ticks as have room."""
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    axes.set_xscale("log")
    kept: list[float] = []
    for value in sorted(values, reverse=True):
        if not kept or value * ROOM_OF_A_TICK <= kept[-1]:
            kept.append(value)
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def place(when: date) -> float:
    """Where a day lies on an axis of days."""
    return float((when - date(1970, 1, 1)).days)


def dates(axis: "Axis") -> None:
    """Write an axis of days with as few words as tell them apart."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(maxticks=10)  # type: ignore[no-untyped-call]
    axis.set_major_locator(locator)
    axis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axis.get_offset_text().set_fontsize(SMALL)


def low_to_high() -> "Colormap":
    """Colours from a low (blue) to a high value (vermilion), grey where it is missing."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("low to high", [BLUE, "#c9ced6", VERMILION])
    return colours.with_extremes(bad="#8a94a3")


def colour_key(axes: Panel, coloured: "ScalarMappable", text: str) -> None:
    """A thin key beside a panel for colours that run from low to high."""
    key = axes.figure.colorbar(coloured, ax=axes, aspect=45, pad=0.02, ticks=[0, 1])
    key.ax.set_yticklabels(["low", "high"], fontsize=SMALL, color=SOFT)
    key.set_label(text, fontsize=SMALL, color=SOFT, labelpad=-14)
    key.ax.tick_params(length=0)
    key.ax.spines["outline"].set_visible(False)


def classed(axes: Panel, classes: NDArray[np.float64], colours: Sequence[str]) -> None:
    """Fill a grid with one colour per class (0, 1, ...); hatched where there is none (NaN)."""
    from matplotlib.colors import ListedColormap

    axes.patch.set(hatch="////", edgecolor=FAINT)
    look: dict[str, Any] = {"vmin": -0.5, "vmax": len(colours) - 0.5, "edgecolors": "white"}
    axes.pcolormesh(classes, cmap=ListedColormap(list(colours)), linewidth=1, **look)


def class_key(figure: "Figure", colours: Mapping[str, str]) -> None:
    """Name the colours of a grid, below it."""
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=colour, label=name) for name, colour in colours.items()]
    look = {"fontsize": SMALL, "labelcolor": INK, "frameon": False, "handlelength": 1.2}
    figure.legend(handles=patches, loc="outside lower right", ncols=len(patches), **look)


def png(sketch: Sketch) -> bytes:
    """The picture of a sketch, which carries its title and reading as PNG texts.

    The same sketch gives the same bytes: no date and no version is inside.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    drawn, texts, file = FigureCanvasAgg(sketch.figure), PngInfo(), io.BytesIO()
    drawn.draw()  # type: ignore[no-untyped-call]
    texts.add_itxt("Title", sketch.title)
    texts.add_itxt("Description", sketch.reading)
    pixels = np.asarray(drawn.buffer_rgba())  # type: ignore[no-untyped-call]
    few = (
        Image.fromarray(pixels)
        .convert("RGB")
        .quantize(PALETTE, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    )
    few.save(file, format="png", optimize=True, pnginfo=texts, dpi=(DPI, DPI))
    return file.getvalue()
