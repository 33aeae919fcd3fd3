"""The evaluation as one self-contained HTML page; how it looks is in ``report.html`` and its CSS.

Nothing is measured here: figures come from the evaluation, pictures from ``drawing``.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from crash_platform.pipelines.injuries.charts import words
from crash_platform.pipelines.injuries.charts.drawing import DRAWINGS, Chart
from crash_platform.pipelines.injuries.charts.evaluation import PRODUCT, Evaluation, Row

HERE = Path(__file__).parent
LOWEST_HEADING, HEADINGS_ABOVE = 6, 2
LEFT_OUT = {
    "models": "comparison of kinds of model",
    "parameters": "sweep of depth and learning rate",
    "trees": "early-stopping curve",
    "rows": "learning curve by number of crashes",
    "window": "learning curve by length of history",
    "ladder": "comparison of feature sets",
    "split": "comparison of random and time split",
    "months": "injury share by month",
    "weeks": "figures by week",
    "psi": "drift of the features",
    "contributions": "contributions of the columns",
}
"""Every part of an evaluation that may be missing, and what is then not in the report."""
RUN, HELD = "the experiment {} was not run.", "the evaluation holds no {}."


@dataclass(frozen=True)
class Figure:
    """A headline: its value as text, and what it is."""

    value: str
    name: str


def page(evaluation: Evaluation, charts: Sequence[Chart], card_markdown: str) -> str:
    """The report: headline figures, comparison, charts and the model card, without any script.

    Every value is escaped, HTML in the card too. What was not run is named.

    Raises:
        EvaluationError: a headline figure is missing from the model's row.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"score": words.score, "share": words.share, "day": words.day}
    css = (HERE / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html").render(
        evaluation=evaluation,
        css=Markup(css),
        css_hash=_hash(css),
        headlines=headlines(evaluation),
        tables=_tables(evaluation),
        pictures=[_picture(chart) for chart in charts],
        missing=not_run(evaluation, charts),
        card=card(card_markdown),
        with_interval=words.with_interval,
        candidate=words.candidate,
        product=PRODUCT,
    )


def headlines(evaluation: Evaluation) -> list[Figure]:
    """The figures a reader needs first, with the interval where the comparison has one."""
    number, row = evaluation.number, evaluation.row("models", PRODUCT)
    auc = words.with_interval(row, "auc") if row else words.score(number("auc"))
    ece = words.with_interval(row, "ece") if row else words.score(number("ece"))
    threshold = words.share(number("threshold"))
    return [
        Figure(auc, "AUC, 95 % interval" if "[" in auc else "AUC"),
        Figure(words.score(number("brier_skill")), "Brier skill (0: no better than the base rate)"),
        Figure(ece, "calibration error (ECE)"),
        Figure(words.share(number("recall")), f"of injury crashes found from {threshold} on"),
        Figure(words.share(number("precision")), "of those flagged had injuries"),
        Figure(words.share(number("base_rate")), "of test crashes had injuries"),
    ]


def not_run(evaluation: Evaluation, charts: Sequence[Chart]) -> list[str]:
    """What is missing from the report and why, a sentence each."""
    missing = [
        f"No {what}: " + (RUN if part in words.EXPERIMENTS else HELD).format(part)
        for part, what in LEFT_OUT.items()
        if not evaluation.has(part)
    ]
    drawn = {chart.name for chart in charts}
    return missing + [
        f"The chart {drawing.name} ({drawing.what.lower()}) was not handed in."
        for drawing in DRAWINGS
        if drawing.is_possible(evaluation) and drawing.name not in drawn
    ]


def card(markdown: str) -> Markup:
    """The model card as HTML: its own HTML is shown, not obeyed; headings start at the third."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(markdown)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + HEADINGS_ABOVE, LOWEST_HEADING)}"
        # The page's policy forbids style attributes; a class says the same.
        if token.attrs.pop("style", None) == "text-align:right":
            token.attrs["class"] = "n"
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def _tables(evaluation: Evaluation) -> list[tuple[str, str, list[Row]]]:
    """(experiment, what it is, rows) of every experiment that was run, the models first."""
    tables = ((name, what, evaluation.rows(name)) for name, what in words.EXPERIMENTS.items())
    return [(name, what, rows) for name, what, rows in tables if rows]


def _picture(chart: Chart) -> dict[str, Any]:
    whats = {drawing.name: drawing.what for drawing in DRAWINGS}
    return {
        "name": chart.name,
        "title": chart.title,
        "reading": chart.reading,
        "alt": f"{whats.get(chart.name, 'Chart')}. {chart.title}",
        "source": f"data:image/png;base64,{base64.b64encode(chart.png).decode('ascii')}",
        "height": int.from_bytes(chart.png[20:24], "big"),
        "width": int.from_bytes(chart.png[16:20], "big"),
    }


def _hash(text: str) -> str:
    """The hash under which the page's policy lets exactly this style in."""
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
