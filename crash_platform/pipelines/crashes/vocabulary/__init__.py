"""The reviewed vocabularies of free-text columns, as files; README.md says how they are kept.

Only the reading lives here. What a text's key is, the engine's ``vocabulary_key`` says.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv

FOLDER = Path(__file__).parent


def load_contributing_factors() -> pa.Table:
    """One row per known spelling: key, contributing_factor, factor_group (all text, no nulls)."""
    return _load("contributing_factors.csv", ("key", "contributing_factor", "factor_group"))


def load_vehicle_types() -> pa.Table:
    """One row per known spelling: key, vehicle_type, vehicle_group (all text, no nulls)."""
    return _load("vehicle_types.csv", ("key", "vehicle_type", "vehicle_group"))


def _load(name: str, columns: tuple[str, ...]) -> pa.Table:
    # All text: the keys "1", "na" and "none" are spellings like any other.
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(columns, pa.string()),
        include_columns=list(columns),
        strings_can_be_null=False,
    )
    return pyarrow.csv.read_csv(FOLDER / name, convert_options=convert)
