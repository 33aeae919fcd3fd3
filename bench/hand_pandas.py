"""The second yardstick: the same silver and gold in pandas, as notebooks on this data do it.

    python -m bench.hand_pandas RECORDS.parquet OUT_FOLDER

Boroughs are located with the same grid lookup for cells inside one borough only (no exact borders).
"""

import argparse
from pathlib import Path

import h3
import numpy as np
import pandas as pd

from crash_platform.pipelines.crashes.places import load_borough_grid
from crash_platform.pipelines.crashes.vocabulary import (
    load_contributing_factors,
    load_vehicle_types,
)

KINDS = {
    "persons": "PERSONS",
    "pedestrians": "PEDESTRIANS",
    "cyclists": "CYCLIST",
    "motorists": "MOTORIST",
}
COUNTS = {
    f"NUMBER OF {r} {o.upper()}": f"{k}_{o}"
    for k, r in KINDS.items()
    for o in ("injured", "killed")
}


def cleaned(values: pd.Series) -> pd.Series:
    """Trimmed text with single blanks; empty text is missing."""
    return (
        values.astype("object").str.replace(r"\s+", " ", regex=True).str.strip().replace("", None)
    )


def words(values: pd.Series, vocabulary: dict[str, str]) -> pd.Series:
    """The vocabulary's word for each text, Other where it has none."""
    keys = values.str.replace(r"[^A-Za-z0-9]+", " ", regex=True).str.strip().str.lower()
    return keys.map(vocabulary).where(keys.isna() | keys.isin(vocabulary), "Other")


def located(latitude: pd.Series, longitude: pd.Series) -> pd.Series:
    """The borough of the grid's cell, where the whole cell lies in one."""
    grid = (
        load_borough_grid().to_pandas().dropna().set_index(["cell_row", "cell_column"])["borough"]
    )
    cells = pd.MultiIndex.from_arrays(
        [
            np.floor(latitude.fillna(0) * 512).astype(int),
            np.floor(longitude.fillna(0) * 512).astype(int),
        ]
    )
    return pd.Series(grid.reindex(cells).to_numpy(), latitude.index)


def silver(records: pd.DataFrame) -> pd.DataFrame:
    """Typed crashes, one row each."""
    records = records.sort_values("CRASH DATE").drop_duplicates("COLLISION_ID", keep="last")
    day = pd.to_datetime(records["CRASH DATE"].str[:10])
    made = pd.DataFrame({"collision_id": records["COLLISION_ID"], "crash_date": day})
    made["crashed_at"] = pd.to_datetime(
        records["CRASH DATE"].str[:10] + " " + records["CRASH TIME"].str.zfill(5), errors="coerce"
    )
    made["borough"] = cleaned(records["BOROUGH"]).str.upper()
    made["zip_code"] = cleaned(records["ZIP CODE"].astype("string"))
    inside = records["LATITUDE"].between(40.45, 40.95) & records["LONGITUDE"].between(
        -74.30, -73.65
    )
    made["latitude"], made["longitude"] = (
        records["LATITUDE"].where(inside),
        records["LONGITUDE"].where(inside),
    )
    for ours, theirs in (("on", "ON"), ("cross", "OFF"), ("off", "CROSS")):
        made[f"{ours}_street_name"] = cleaned(records[f"{theirs} STREET NAME"])
    for raw, name in COUNTS.items():
        made[name] = pd.to_numeric(records[raw], errors="coerce")
    factors = dict(
        zip(
            *(load_contributing_factors()[n].to_pylist() for n in ("key", "contributing_factor")),
            strict=True,
        )
    )
    vehicles = dict(
        zip(*(load_vehicle_types()[n].to_pylist() for n in ("key", "vehicle_type")), strict=True)
    )
    for n in range(1, 6):
        made[f"factor_{n}"] = words(cleaned(records[f"CONTRIBUTING FACTOR VEHICLE {n}"]), factors)
        made[f"vehicle_{n}"] = words(cleaned(records[f"VEHICLE TYPE CODE {n}"]), vehicles)
    made["vehicle_count"] = made[[f"vehicle_{n}" for n in range(1, 6)]].notna().sum(axis=1)
    made["is_injury_crash"] = (made["persons_injured"] > 0) | (made["persons_killed"] > 0)
    made["borough_located"] = located(made["latitude"], made["longitude"])
    return made


def gold(crashes: pd.DataFrame, out: Path) -> None:
    """The three gold tables."""
    counts = list(COUNTS.values())
    crashes["n"], crashes["injury"] = 1, crashes["is_injury_crash"].astype(int)
    best = crashes["borough"].fillna(crashes["borough_located"]).fillna("UNKNOWN")
    measures = ["n", "injury", *counts]
    crashes.assign(borough=best).groupby(["crash_date", "borough"])[measures].sum().to_parquet(
        out / "daily_crashes.parquet"
    )
    points = crashes[["latitude", "longitude"]].dropna().drop_duplicates()
    points["h3_cell"] = [h3.latlng_to_cell(a, o, 9) for a, o in points.itertuples(index=False)]
    celled = crashes.merge(points, on=["latitude", "longitude"], how="left")
    celled.groupby(["crash_date", "h3_cell"], dropna=False)[measures].sum().to_parquet(
        out / "crash_hotspots.parquet"
    )
    groups = dict(
        zip(
            *(load_vehicle_types()[n].to_pylist() for n in ("vehicle_type", "vehicle_group")),
            strict=True,
        )
    )
    keys = ["collision_id", "crash_date", "injury"]
    factors = crashes.melt(keys, [f"factor_{n}" for n in range(1, 6)], value_name="factor").dropna()
    factors = factors.drop_duplicates(["collision_id", "factor"])
    vehicles = crashes.melt(
        ["collision_id"], [f"vehicle_{n}" for n in range(1, 6)], value_name="vehicle"
    ).dropna()
    vehicles["vehicle_group"] = vehicles["vehicle"].map(groups)
    vehicles = vehicles.drop_duplicates(["collision_id", "vehicle_group"])
    both = factors.merge(vehicles[["collision_id", "vehicle_group"]], on="collision_id", how="left")
    both.groupby(["crash_date", "factor", "vehicle_group"])["injury"].agg(
        ["size", "sum"]
    ).to_parquet(out / "crash_factors.parquet")


def main() -> None:
    """Run once and print the number of crashes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("records")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    crashes = silver(pd.read_parquet(arguments.records))
    crashes.to_parquet(arguments.out / "crashes.parquet", compression="zstd")
    gold(crashes, arguments.out)
    print(len(crashes))


if __name__ == "__main__":
    main()
