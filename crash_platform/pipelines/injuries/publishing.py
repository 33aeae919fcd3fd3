"""Where people find the charts of a model.

A page and pictures in the reports folder, rows in the lake, files of the MLflow run, a preview.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from pathlib import Path

import pyarrow as pa

from crash_platform.errors import PlatformError
from crash_platform.lake.store import Store
from crash_platform.pipelines.injuries.charts.drawing import Chart, draw
from crash_platform.pipelines.injuries.charts.page import page
from crash_platform.pipelines.injuries.evaluating import evaluation_of
from crash_platform.pipelines.injuries.making import Row
from crash_platform.pipelines.injuries.model import InjuryModel
from crash_platform.pipelines.injuries.tables import EVALUATION_CHARTS

PREVIEWED = ("ranking", "calibration")
PREVIEW_WIDTH = 900
"""Pixels: what fits the dialog in which Dagster shows Markdown."""


class PublishingError(PlatformError):
    """A report that cannot be written."""


@dataclass(frozen=True)
class Publication:
    """The report of one model: its charts in order, and the page that shows them all."""

    as_of: date
    feature_set: str
    run_id: str
    charts: tuple[Chart, ...] = field(repr=False)
    page: str = field(repr=False)

    @property
    def name(self) -> str:
        """Name of the page's file."""
        return f"{self.feature_set}.html"

    def rows(self) -> pa.Table:
        """The charts as rows of ``model/evaluation_charts``."""
        rows = [
            {
                "as_of_date": self.as_of,
                "feature_set": self.feature_set,
                "chart": chart.name,
                "position": position,
                "title": chart.title,
                "reading": chart.reading,
                "png": chart.png,
            }
            for position, chart in enumerate(self.charts, start=1)
        ]
        return pa.Table.from_pylist(rows, schema=EVALUATION_CHARTS.schema)

    def files(self) -> Mapping[str, bytes]:
        """The page and the pictures, by their names."""
        pictures = {f"{self.feature_set}/{chart.name}.png": chart.png for chart in self.charts}
        return {self.name: self.page.encode(), **pictures}

    def write(self, folder: Path) -> Path:
        """Write the page and the pictures below a folder; where the page is.

        Raises:
            PublishingError: the folder cannot be written.
        """
        try:
            for name, content in self.files().items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        except OSError as error:
            raise PublishingError(
                f"The report cannot be written to {folder} ({error.strerror}): set "
                "CRASH_PLATFORM_HOME to a folder you own."
            ) from error
        return folder / self.name

    def preview(self) -> str:
        """The charts that are looked at first, as Markdown with the pictures inside."""
        shown = [chart for chart in self.charts if chart.name in PREVIEWED]
        return "\n\n".join(f"**{chart.title}**\n\n{_picture(chart)}" for chart in shown)


def _picture(chart: Chart) -> str:
    small = base64.b64encode(narrowed(chart.png, PREVIEW_WIDTH)).decode()
    return f"![{chart.name}](data:image/png;base64,{small})"


def narrowed(png: bytes, width: int) -> bytes:
    """A picture scaled down to a width in pixels; a narrower one stays as it is."""
    from PIL import Image

    with Image.open(BytesIO(png)) as picture:
        if picture.width <= width:
            return png
        height = round(picture.height * width / picture.width)
        scaled = picture.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    told = BytesIO()
    scaled.quantize(192).save(told, "PNG", optimize=True)
    return told.getvalue()


def publication_of(
    store: Store, as_of: date, feature_set: str, row: Row, model: InjuryModel
) -> Publication:
    """The report of a model of the lake, drawn from its saved predictions."""
    evaluation = evaluation_of(store, as_of, feature_set, row, model)
    charts = draw(evaluation)
    told = page(evaluation, charts, row["card"])
    return Publication(as_of, feature_set, row["run_id"], charts, told)
