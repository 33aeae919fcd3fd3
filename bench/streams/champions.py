"""Champions for the speed layer to answer with: those of a home, or made from the packaged year."""

from pathlib import Path

from bench.training_step import lake_of, newest_split, step
from crash_platform.modelling.mlflow_client import SQLITE
from crash_platform.modelling.registry import Registry
from crash_platform.pipelines.injuries.examples import load_rows
from crash_platform.pipelines.injuries.features import FEATURE_SETS
from crash_platform.pipelines.injuries.promotion import registered_name
from crash_platform.pipelines.injuries.words import load_words


def tracking(home: Path | None, work: Path) -> str:
    """The address of an MLflow that has champions of both feature sets.

    Raises:
        SystemExit: the home has no MLflow of its own.
    """
    if home is None:
        return made(work)
    database = home.absolute() / "mlflow" / "mlflow.db"
    if not database.is_file():
        raise SystemExit(f"{database} is not there: name a home after `make demo`.")
    return f"{SQLITE}{database}"


def made(work: Path) -> str:
    """Train on the packaged year, register, promote."""
    work.mkdir(parents=True)
    store = lake_of(None, work)
    split = newest_split(store)
    rows = load_rows(store, split, load_words())
    registry = Registry.in_folder(work / "mlflow")
    for feature_set in FEATURE_SETS:
        model, name = step(rows, split, feature_set).model, registered_name(feature_set)
        run_id = registry.start_run("bench", name, {})
        columns = model.encoder.columns
        version = registry.register(name, run_id, model.to_bytes(), columns, {})
        registry.promote(name, version.version)
    return registry.tracking_uri
