"""The model card: what a model is, what it was made from, and what it must not be used for."""

from datetime import date

from crash_platform.pipelines.injuries.examples import Rows, missing_days, runs
from crash_platform.pipelines.injuries.features import VICTIM_FACTORS
from crash_platform.pipelines.injuries.promotion import Verdict
from crash_platform.pipelines.injuries.training import Recipe, Trained

MOST_GAPS = 10
KNOWN = {
    "first_report": "the time (as an hour), the place and the vehicles: what a caller can say",
    "full_report": "time, place, vehicles and the contributing factors of the officer's form",
}


def card(trained: Trained, rows: Rows, recipe: Recipe, verdicts: list[Verdict]) -> str:
    """The card of one model, in Markdown."""
    sections = (
        _what_it_is(trained),
        _what_it_was_made_from(trained, rows, recipe),
        _how_good_it_is(trained, recipe),
        "## Gates\n\n" + "\n".join(_gate(verdict) for verdict in verdicts),
        _what_it_is_not_for(),
    )
    return "\n\n".join(sections) + "\n"


def _what_it_is(trained: Trained) -> str:
    model = trained.model
    return (
        f"# Injury model, {model.feature_set.replace('_', ' ')}, as of {model.as_of}\n\n"
        "The probability that a reported crash in New York City involves anybody injured or killed "
        f"(`persons_injured > 0 OR persons_killed > 0`), from {KNOWN[model.feature_set]}.\n\n"
        f"Gradient-boosted trees (XGBoost, {trained.trees} trees, {len(model.encoder.columns)} "
        f"columns), calibration: {model.calibrator.kind}. A crash is called an injury from "
        f"{model.threshold:.1%} on."
    )


def _what_it_was_made_from(trained: Trained, rows: Rows, recipe: Recipe) -> str:
    split = trained.model.split
    left_out = int((rows.within(split.train) & ~rows.is_whole(trained.model.feature_set)).sum())
    return "\n".join(
        (
            "## Data",
            "",
            f"- fitted on {split.train.first} to {split.train.last}: {trained.made.train_count:,} "
            f"crashes, {trained.made.train_base_rate:.1%} with injuries; {left_out:,} without "
            "vehicles, coordinates or factors were left out: their absence gives the outcome away",
            f"- calibrated and stopped early on {split.calibrate.first} to {split.calibrate.last}: "
            f"{trained.made.calibrate_count:,} crashes",
            f"- tested on {split.test.first} to {split.test.last}: {trained.metrics.rows:,} "
            "crashes",
            f"- only crashes at least {recipe.maturity_days} days old: younger days still grow",
            f"- {rows.unlabelled:,} crashes without counts of persons were left out",
            f"- days without a crash while fitting: {_gaps(missing_days(rows, split.train))}",
            f"- never seen: counts of persons, minutes, which street fields are filled, ids, the "
            f"year, and the factor {', '.join(sorted(VICTIM_FACTORS))}",
        )
    )


def _gaps(missing: list[date]) -> str:
    if not missing:
        return "none"
    spans = [f"{first}" if first == last else f"{first} to {last}" for first, last in runs(missing)]
    told = ", ".join(spans[:MOST_GAPS]) + (", ..." if len(spans) > MOST_GAPS else "")
    return f"{len(missing):,} ({told})"


def _how_good_it_is(trained: Trained, recipe: Recipe) -> str:
    told = trained.metrics
    rows = (
        ("base rate", f"{told.base_rate:.1%}"),
        ("AUC", f"{told.auc:.3f}"),
        ("average precision", f"{told.average_precision:.3f}"),
        ("Brier score", f"{told.brier:.4f}"),
        ("Brier skill", f"{told.brier_skill:.3f}"),
        ("calibration error (ECE)", f"{told.ece:.3f}"),
        (f"recall (aimed at {recipe.recall:.0%})", f"{told.recall:.1%}"),
        ("precision", f"{told.precision:.1%}"),
        ("flagged", f"{told.flagged_share:.1%}"),
    )
    lines = [f"| {name} | {value} |" for name, value in rows]
    return "\n".join(("## Test", "", "| | |", "|---|---|", *lines))


def _gate(verdict: Verdict) -> str:
    return f"- {'kept' if verdict.passed else 'BROKEN'}: {verdict.name} ({verdict.description})"


def _what_it_is_not_for() -> str:
    return (
        "## What it is not for\n\n"
        "- Not a measure of how dangerous cycling or walking is. A cyclist who is unhurt makes no "
        "report, so reported bicycle crashes have injuries far more often than bicycle crashes.\n"
        "- Not a medical finding. The label is what the police wrote down, not what a hospital "
        "found; it largely tracks it, no more.\n"
        "- Not for deciding about persons, liability or insurance, nor the only ground for sending "
        "help: at its threshold it misses some injury crashes by design.\n"
        "- Not for other cities, nor for crashes before April 2020: until then the police recorded "
        "crashes without injuries that are no longer recorded."
    )
