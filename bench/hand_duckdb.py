"""The yardstick: silver and gold of the crash pipeline written by hand in one DuckDB script.

    python -m bench.hand_duckdb RECORDS.parquet OUT_FOLDER

No bronze, no history, no quarantine table, no checks, no Delta log, no orchestration.
"""

import argparse
from pathlib import Path

import duckdb
import h3

from crash_platform.pipelines.crashes.places import load_borough_edges, load_borough_grid
from crash_platform.pipelines.crashes.texts import sql
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
COUNTS = [
    (f"{k}_{o}", f'"NUMBER OF {r} {o.upper()}"')
    for k, r in KINDS.items()
    for o in ("injured", "killed")
]
TEXT = "nullif(trim(regexp_replace({}, '\\s+', ' ', 'g')), '')"
KEY = "lower(trim(regexp_replace({}, '[^A-Za-z0-9]+', ' ', 'g')))"


def joined(words: str, alias: str, raws: list[str]) -> str:
    """The joins of five columns with a vocabulary."""
    return " ".join(
        f"LEFT JOIN {words} {alias}{n} ON {alias}{n}.key = {KEY.format(raw)}"
        for n, raw in enumerate(raws, start=1)
    )


def named(raws: list[str], found: list[str]) -> str:
    """The list of the words found, Other where a text has none."""
    items = ", ".join(
        f"CASE WHEN {TEXT.format(raw)} IS NOT NULL THEN coalesce({word}, 'Other') END"
        for raw, word in zip(raws, found, strict=True)
    )
    return f"list_filter([{items}], lambda x: x IS NOT NULL)"


def silver() -> str:
    """One SELECT from the export's columns to typed crashes."""
    counts = ", ".join(f"TRY_CAST({raw} AS BIGINT) AS {name}" for name, raw in COUNTS)
    factors = [f'"CONTRIBUTING FACTOR VEHICLE {n}"' for n in range(1, 6)]
    vehicles = [f'"VEHICLE TYPE CODE {n}"' for n in range(1, 6)]
    words = [f"f{n}.contributing_factor" for n in range(1, 6)]
    types = [f"v{n}.vehicle_type" for n in range(1, 6)]
    joins = f"{joined('factor_words', 'f', factors)} {joined('vehicle_words', 'v', vehicles)}"
    return f"""
    CREATE TEMP TABLE crashes AS
    WITH one AS (
        SELECT * FROM records
        QUALIFY row_number() OVER (PARTITION BY "COLLISION_ID" ORDER BY "CRASH DATE" DESC) = 1
    ),
    typed AS (
        SELECT "COLLISION_ID"::BIGINT AS collision_id, "CRASH DATE"[:10]::DATE AS crash_date,
            TRY_CAST("CRASH DATE"[:10] || ' ' || lpad("CRASH TIME", 5, '0') || ':00' AS TIMESTAMP) AS crashed_at,
            upper({TEXT.format('"BOROUGH"')}) AS borough, {TEXT.format('"ZIP CODE"::VARCHAR')} AS zip_code,
            CASE WHEN "LATITUDE" BETWEEN 40.45 AND 40.95 AND "LONGITUDE" BETWEEN -74.30 AND -73.65 THEN "LATITUDE" END AS latitude,
            CASE WHEN "LATITUDE" BETWEEN 40.45 AND 40.95 AND "LONGITUDE" BETWEEN -74.30 AND -73.65 THEN "LONGITUDE" END AS longitude,
            {TEXT.format('"ON STREET NAME"')} AS on_street_name, {TEXT.format('"OFF STREET NAME"')} AS cross_street_name,
            {TEXT.format('"CROSS STREET NAME"')} AS off_street_name, {counts},
            {named(factors, words)} AS contributing_factors, {named(vehicles, types)} AS vehicle_types
        FROM one {joins}
    )
    SELECT *, persons_injured > 0 OR persons_killed > 0 AS is_injury_crash FROM typed"""


def gold() -> dict[str, str]:
    """What is written, by name."""
    sums = ", ".join(f"sum({name})::BIGINT AS {name}" for name, _ in COUNTS)
    return {
        "crashes": "SELECT * FROM located ORDER BY crash_date",
        "daily_crashes": f"SELECT crash_date, coalesce(borough, borough_located, 'UNKNOWN') AS borough, count(*) AS n, "
        f"count(*) FILTER (is_injury_crash) AS injury, {sums}, count(latitude) AS located FROM located GROUP BY ALL",
        "crash_hotspots": f"SELECT crash_date, h3_cell, count(*) AS n, count(*) FILTER (is_injury_crash) AS injury, {sums} "
        "FROM located LEFT JOIN cells USING (latitude, longitude) GROUP BY ALL",
        "crash_factors": "WITH f AS (SELECT DISTINCT collision_id, unnest(contributing_factors) AS factor FROM located), "
        "v AS (SELECT DISTINCT collision_id, vehicle_group FROM (SELECT collision_id, unnest(vehicle_types) AS vehicle_type "
        "FROM located) JOIN (SELECT DISTINCT vehicle_type, vehicle_group FROM vehicle_words) USING (vehicle_type)) "
        "SELECT crash_date, factor, vehicle_group, count(*) AS n, count(*) FILTER (is_injury_crash) AS injury "
        "FROM located LEFT JOIN f USING (collision_id) LEFT JOIN v USING (collision_id) GROUP BY ALL",
    }


def run(records: str, out: Path) -> int:
    """Write ``crashes`` and three gold tables as Parquet; returns the rows of silver."""
    out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.read_parquet(records).create_view("records")
    connection.register("factor_words", load_contributing_factors())
    connection.register("vehicle_words", load_vehicle_types())
    connection.register("borough_grid", load_borough_grid())
    connection.register("borough_edges", load_borough_edges())
    connection.execute(silver())
    connection.execute(
        "CREATE VIEW crash_points AS SELECT collision_id AS record_key, latitude, longitude FROM crashes "
        "WHERE latitude IS NOT NULL"
    )
    connection.execute(f"CREATE TEMP TABLE places AS {sql('silver_places')}")
    connection.execute(
        "CREATE TEMP TABLE located AS SELECT crashes.*, places.borough_located FROM crashes "
        "LEFT JOIN places ON places.record_key = crashes.collision_id"
    )
    points = connection.sql(
        "SELECT DISTINCT latitude, longitude FROM crashes WHERE latitude IS NOT NULL"
    ).to_arrow_table()
    cells = [
        h3.latlng_to_cell(a, o, 9)
        for a, o in zip(points[0].to_pylist(), points[1].to_pylist(), strict=True)
    ]
    connection.register("cells", points.append_column("h3_cell", [cells]))
    for name, text in gold().items():
        connection.execute(f"COPY ({text}) TO '{out / name}.parquet' (COMPRESSION zstd)")
    return int(connection.sql("SELECT count(*) FROM crashes").fetchall()[0][0])


def main() -> None:
    """Run once and print the number of crashes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("records")
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    print(run(arguments.records, arguments.out))


if __name__ == "__main__":
    main()
