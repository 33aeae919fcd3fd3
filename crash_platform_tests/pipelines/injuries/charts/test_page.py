import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pyarrow as pa
import pytest

from crash_platform.pipelines.injuries.charts.drawing import DRAWINGS, Chart
from crash_platform.pipelines.injuries.charts.evaluation import Evaluation, EvaluationError
from crash_platform.pipelines.injuries.charts.page import card, headlines, page
from crash_platform.pipelines.injuries.tables import COMPARISON
from crash_platform_tests.pipelines.injuries.evaluations import evaluation

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
CHARTS = tuple(
    Chart(drawing.name, f"{drawing.name} is 5 % <b>.", "Left is less.", PNG) for drawing in DRAWINGS
)
CARD = """# Injury model

It says *nothing* of <script>alert("fault")</script>.

| figure | value |
|---|--:|
| AUC | 0.73 |

[bad](javascript:alert(1)) ![far](https://example.org/x.png)
"""


class Reader(HTMLParser):
    """Collects every tag with its attributes, and the text of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_headlines_are_the_figures_of_the_model(made: Evaluation) -> None:
    auc, recall = made.number("auc"), made.number("recall")
    shown = {figure.name: figure.value for figure in headlines(made)}
    assert shown["AUC, 95 % interval"] == f"{auc:.3f} [{auc - 0.006:.3f}, {auc + 0.006:.3f}]"
    assert shown["of injury crashes found from 35.0 % on"] == f"{100 * recall:.1f} %"


def test_without_a_comparison_the_headlines_have_no_interval() -> None:
    made = evaluation(500, without=("models",))
    assert headlines(made)[0].name == "AUC"
    assert headlines(made)[0].value == f"{made.number('auc'):.3f}"


def test_a_missing_headline_is_an_error(made: Evaluation) -> None:
    with pytest.raises(EvaluationError, match="no number recall"):
        page(replace(made, model={**made.model, "recall": None}), CHARTS, CARD)


def test_the_page_shows_every_chart_in_order_with_title_reading_and_alt_text(
    made: Evaluation,
) -> None:
    reader = _read(page(made, CHARTS, CARD))
    images = reader.all("img")
    assert [figure["id"] for figure in reader.all("figure")] == [each.name for each in CHARTS]
    assert len(images) == len(CHARTS)
    for image, chart, drawing in zip(images, CHARTS, DRAWINGS, strict=True):
        assert image["alt"] == f"{drawing.what}. {chart.title}"
        assert image["src"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
        assert (image["width"], image["height"]) == ("1", "1")
    assert "1. base_rate is 5 % <b>." in reader.text
    assert reader.text.count("Left is less.") == len(CHARTS)


def test_the_page_loads_nothing_and_its_policy_admits_only_its_own_style(made: Evaluation) -> None:
    html = page(made, CHARTS, CARD)
    reader = _read(html)
    policy = reader.all("meta")[2]["content"] or ""
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )
    assert not {"script", "link", "iframe"} & {tag for tag, _ in reader.tags}
    for _, attrs in reader.tags:
        assert "style" not in attrs
        assert not any(name.startswith("on") for name in attrs)
        assert (attrs.get("src") or "data:").startswith("data:")


def test_the_comparison_shows_every_candidate_with_its_interval(made: Evaluation) -> None:
    html = page(made, CHARTS, CARD)
    row = made.row("models", "logistic")
    assert row is not None
    assert "logistic regression</th>" in html
    assert f"<small>[{row['brier_low']:.3f}, {row['brier_high']:.3f}]</small>" in html
    assert 'class="ours"><th scope="row">XGBoost' in html
    assert "Sweep of depth and learning rate (9)" in html


def test_what_was_not_run_and_what_was_not_drawn_is_named() -> None:
    made = evaluation(500, without=("window", "psi", "split"))
    html = page(made, [chart for chart in CHARTS if chart.name not in ("drift", "lift")], CARD)
    missing = _read(html[html.index('id="missing"') : html.index('id="comparison"')]).text
    assert "No learning curve by length of history: the experiment window was not run." in missing
    assert "No comparison of random and time split: the experiment split was not run." in missing
    assert "No drift of the features: the evaluation holds no psi." in missing
    assert "The chart lift (gain curve, and injury share by tenth of the ranking)" in missing
    assert "chart drift" not in missing


def test_a_whole_report_names_nothing_as_missing(made: Evaluation) -> None:
    assert 'id="missing"' not in page(made, CHARTS, CARD)


def test_the_card_is_read_as_markdown_and_its_html_is_only_shown() -> None:
    reader = _read(str(card(CARD)))
    tags = [tag for tag, _ in reader.tags]
    assert tags[0] == "h3"
    assert {"em", "table"} <= set(tags)
    assert not {"script", "img"} & set(tags)
    assert [link["href"] for link in reader.all("a")] == ["https://example.org/x.png"]
    assert '<script>alert("fault")</script>' in reader.text
    assert {"class": "n"} in reader.all("td")


def test_values_from_tables_are_escaped(made: Evaluation) -> None:
    rows = made.comparison.to_pylist()
    rows[0]["candidate"] = "<script>x</script>"
    table = made.comparison.from_pylist(rows, schema=made.comparison.schema)
    html = page(replace(made, comparison=table), CHARTS, CARD)
    assert "&lt;script&gt;x&lt;/script&gt;" in html


def _read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_a_figure_that_nobody_measured_is_a_dash() -> None:
    told = evaluation()
    names = ("brier", "brier_skill", "ece", "f1")
    rows = [
        row | (dict.fromkeys(names) if row["experiment"] == "trees" else {})
        for row in told.comparison.to_pylist()
    ]
    unmeasured = replace(told, comparison=pa.Table.from_pylist(rows, schema=COMPARISON.schema))
    assert '<td class="n">\N{EN DASH}</td>' in page(unmeasured, (), "")
