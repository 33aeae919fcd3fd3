"""What `load`, `report` and `demo` share: a delivery brought to gold, its account, the report."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crash_platform.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

    from crash_platform.pipelines.crashes.bronze import Delivery
    from crash_platform.pipelines.crashes.loading import Load


def load_and_say(
    settings: Settings, delivery: "Delivery", *, accept_mass_change: bool = False
) -> "Load":
    """Land a delivery, bring gold up to date, and print where every record went."""
    from crash_platform.definitions import build
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.orchestration.runs import instance_at
    from crash_platform.pipelines.crashes.loading import Loader, reconciliation

    with instance_at(settings.dagster_home) as instance:
        loader = Loader(build(settings), instance, open_store(settings), say)
        done = loader.load(delivery, accept_mass_change=accept_mass_change)
    print()
    for what, how_many in reconciliation(done):
        print(f"  {what:38} {how_many}")
    return done


def write_report(settings: Settings, instance: "dg.DagsterInstance") -> Path:
    """Write the asset-check report and print its summary; where it is."""
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.catalogue import checks
    from crash_platform.pipelines.crashes import report as crash_report

    specs = [spec for check in checks() for spec in check.check_specs]
    gathered = crash_report.gather(open_store(settings), instance, specs, datetime.now(UTC))
    print("\n" + crash_report.summary(gathered).replace("**", ""))
    return crash_report.write(gathered, settings.reports)


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    # One write: with an unbuffered output the end of the line would be another.
    print(f"{line}\n", end="", flush=True)
