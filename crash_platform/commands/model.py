"""The commands about injury models: which there are, which is champion, and changing that.

Parsing and printing only; what a promotion means is in ``pipelines.injuries.promotion``.
"""

import getpass
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from crash_platform.errors import PlatformError
from crash_platform.settings import load_settings

if TYPE_CHECKING:
    from crash_platform.modelling.registry import ModelVersion, Registry
    from crash_platform.pipelines.injuries.ledger import Decision
    from crash_platform.pipelines.injuries.promotion import Promoter

FIGURES = ("auc", "brier", "ece")
TESTED = ("tested_from", "tested_to")
HEADINGS = ("version", "day", "alias", "AUC", "Brier", "ECE", "tested on", "gates")
GATE_WORDS = {"true": "passed", "false": "failed"}

app = typer.Typer(
    name="model", help="Injury models: list them, promote one, roll back.", no_args_is_help=True
)

FeatureSet = Annotated[
    str | None, typer.Option("--feature-set", help="first_report or full_report; default: both.")
]
Version = Annotated[
    str, typer.Argument(help="Number in the registry, or the day it is of (YYYY-MM-DD).")
]


class ModelCommandError(PlatformError):
    """A model is asked for that does not exist or may not be promoted."""


@app.command("list")
def list_models(feature_set: FeatureSet = None) -> None:
    """List the registered models, the newest first."""
    registry = _registry()
    for number, (chosen, name) in enumerate(_chosen(feature_set)):
        versions = registry.versions(name)
        print(("\n" if number else "") + f"{chosen} ({name})")
        if versions:
            _print_table([HEADINGS, *(_row(version) for version in versions)])
        else:
            print("  no model is registered yet")


@app.command()
def show(version: Version, feature_set: FeatureSet = None) -> None:
    """Show all that is known of a model: figures, gates, and the decisions about it."""
    registry = _registry()
    for number, (chosen, name) in enumerate(_chosen(feature_set)):
        found = _find(registry, name, version)
        print(("\n" if number else "") + f"{chosen} ({name}), version {found.version}")
        _print_table(_facts(found))
        _print_gates(found)
        _print_decisions(chosen, found)


@app.command()
def promote(
    version: Version,
    feature_set: FeatureSet = None,
    force: Annotated[
        bool, typer.Option("--force", help="Although a gate failed; the ledger says so.")
    ] = False,
) -> None:
    """Make a model champion. One whose gates failed is refused."""
    from crash_platform.pipelines.injuries.promotion import verdicts_of

    registry = _registry()
    found = [(chosen, _find(registry, name, version)) for chosen, name in _chosen(feature_set)]
    for _, each in found:
        _check_gates(each, force=force)
    promoter = _promoter(registry)
    for chosen, each in found:
        decision = promoter.promote(chosen, each.version, verdicts_of(each), force=force)
        print(f"{chosen}: {_told(each, decision)}")


@app.command()
def rollback(feature_set: FeatureSet = None) -> None:
    """Make the champion before the present one champion again."""
    from crash_platform.modelling.registry import PREVIOUS

    registry, chosen_names = _registry(), _chosen(feature_set)
    for _, name in chosen_names:
        if registry.holder(name, PREVIOUS) is None:
            raise ModelCommandError(f"{name} has no earlier champion to go back to.")
    promoter = _promoter(registry)
    for chosen, _ in chosen_names:
        decision = promoter.roll_back(chosen)
        print(
            f"{chosen}: version {decision.model_version} ({decision.as_of_date}) is champion "
            f"again; before: version {decision.previous_version}"
        )


def _registry() -> "Registry":
    from crash_platform.modelling.registry import open_registry

    return open_registry(load_settings())


def _promoter(registry: "Registry") -> "Promoter":
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.injuries.promotion import Promoter

    by = f"{_user()} (command line)"
    return Promoter(registry, open_store(load_settings()), by, datetime.now(UTC))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user need not have a name
        return "unknown"


def _chosen(feature_set: str | None) -> list[tuple[str, str]]:
    """Feature sets and the names of their models."""
    from crash_platform.pipelines.injuries.features import FEATURE_SETS
    from crash_platform.pipelines.injuries.promotion import registered_name

    wanted: Iterable[str] = FEATURE_SETS if feature_set is None else (feature_set,)
    return [(each, registered_name(each)) for each in wanted]


def _find(registry: "Registry", name: str, wanted: str) -> "ModelVersion":
    from crash_platform.pipelines.injuries.promotion import DAY

    if wanted.isascii() and wanted.isdigit():
        return registry.version(name, int(wanted))
    try:
        day = date.fromisoformat(wanted).isoformat()
    except ValueError as error:
        raise ModelCommandError(
            f"{wanted!r} is no version: give its number in the registry, or its day as YYYY-MM-DD."
        ) from error
    for version in registry.versions(name):
        if version.tags.get(DAY) == day:
            return version
    raise ModelCommandError(f"{name} has no model of {day}: `model list` shows those there are.")


def _check_gates(version: "ModelVersion", *, force: bool) -> None:
    from crash_platform.modelling.registry import CHAMPION
    from crash_platform.pipelines.injuries.promotion import GATES_PASSED, verdicts_of

    passed = version.tags.get(GATES_PASSED)
    if force or passed == "true" or CHAMPION in version.aliases:
        return
    failed = [each.name for each in verdicts_of(version) if each.is_required and not each.passed]
    why = f"failed its gates: {', '.join(failed)}" if passed else "was never judged by its gates"
    raise ModelCommandError(
        f"{version.name} {version.version} {why}; nothing was changed; --force promotes it all "
        "the same."
    )


def _told(version: "ModelVersion", decision: "Decision | None") -> str:
    if decision is None:
        return f"version {version.version} is champion already; nothing was changed"
    if decision.action == "kept":
        return f"version {version.version} stays out: {decision.reason}"
    before = decision.previous_version
    was = "the first champion" if before is None else f"before: version {before}"
    forced = ", by force" if decision.action == "forced" else ""
    return f"version {version.version} ({decision.as_of_date}) is champion{forced}; {was}"


def _row(version: "ModelVersion") -> tuple[str, ...]:
    from crash_platform.pipelines.injuries.promotion import DAY, GATES_PASSED

    tags = version.tags
    return (
        str(version.version),
        tags.get(DAY, "-"),
        ", ".join(version.aliases) or "-",
        *(_figure(tags.get(name, "-")) for name in FIGURES),
        " .. ".join(tags[name] for name in TESTED if name in tags) or "-",
        GATE_WORDS.get(tags.get(GATES_PASSED, ""), "-"),
    )


def _figure(told: str) -> str:
    try:
        return f"{float(told):.4f}"
    except ValueError:
        return told


def _facts(version: "ModelVersion") -> list[tuple[str, str]]:
    from crash_platform.pipelines.injuries.promotion import GATES

    facts = {
        "alias": ", ".join(version.aliases) or "-",
        "registered": f"{version.created_at:%Y-%m-%d %H:%M:%S} UTC",
        "MLflow run": version.run_id,
    }
    tags = {name: told for name, told in sorted(version.tags.items()) if name != GATES}
    return [*facts.items(), *tags.items()]


def _print_gates(version: "ModelVersion") -> None:
    from crash_platform.pipelines.injuries.promotion import verdicts_of

    verdicts = verdicts_of(version)
    if verdicts:
        print("Gates")
        _print_table(
            (
                each.name,
                "passed" if each.passed else "failed",
                "required" if each.is_required else "advice",
                each.description,
            )
            for each in verdicts
        )


def _print_decisions(feature_set: str, version: "ModelVersion") -> None:
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.injuries.ledger import ledger

    decisions = [
        (f"{each.decided_at:%Y-%m-%d %H:%M} UTC", each.action, each.decided_by, each.reason)
        for each in ledger(open_store(load_settings()))
        if each.feature_set == feature_set and each.challenger_version == version.version
    ]
    if decisions:
        print("Decisions")
        _print_table(decisions)


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns as wide as their widest cell."""
    rows = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(f"  {'  '.join(cells)}".rstrip())
