"""How the charts and the page write figures and call things; no arithmetic beyond rounding."""

from collections.abc import Mapping
from datetime import date

CANDIDATES = {
    "majority": "majority class",
    "logistic": "logistic regression",
    "random_forest": "random forest",
    "hist_boosting": "histogram boosting",
    "xgboost": "XGBoost",
    "time_place": "time and place",
    "first_report": "first report",
    "full_report": "full report",
    "artefacts": "traces of filing",
    "leak": "leak",
    "time": "split by time",
    "random": "split at random",
}
EXPERIMENTS = {
    "models": "kinds of model on the same rows",
    "parameters": "sweep of depth and learning rate",
    "trees": "early stopping",
    "rows": "learning curve by number of crashes",
    "window": "learning curve by length of history",
    "ladder": "feature sets, from least to most known",
    "split": "random against time split",
}


LONGEST = 30


def share(value: float, digits: int = 1) -> str:
    """0.4234 as ``42.3 %``."""
    return f"{value:.{digits}%}".replace("%", " %")


def score(value: float | None) -> str:
    """0.73312 as ``0.733``; a minus sign is a real one, a dash stands for what nobody measured."""
    if value is None:
        return "\N{EN DASH}"
    return f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def gain(value: float) -> str:
    """0.0161 as ``+0.016``."""
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def log_odds(value: float) -> str:
    """-0.8 as ``-0.80``, with its sign."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def day(value: date) -> str:
    """As ``14 Jan 2024``."""
    return f"{value.day} {value:%b %Y}"


def with_interval(row: Mapping[str, object], metric: str) -> str:
    """A metric of a comparison row with its 95 % interval where there is one."""
    value, low, high = (row[metric], row.get(f"{metric}_low"), row.get(f"{metric}_high"))
    if not isinstance(value, float):
        return score(None)
    if not isinstance(low, float) or not isinstance(high, float):
        return score(value)
    return f"{score(value)} [{score(low)}, {score(high)}]"


def candidate(name: str) -> str:
    """What a candidate is called."""
    return CANDIDATES.get(name, name.replace("_", " "))


def column(name: str) -> str:
    """A column of the model as words: ``vehicle=e-bike`` as ``vehicle: e-bike``, cut if long."""
    text = name.replace("=", ": ").replace("_", " ")
    return (
        text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    )


def opening(text: str) -> str:
    """The text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def borough(name: str | None) -> str:
    """``STATEN ISLAND`` as ``Staten Island``."""
    return "not given" if name is None else name.title()
