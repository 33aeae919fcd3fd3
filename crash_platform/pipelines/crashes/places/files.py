"""Reads the shipped outlines and lookup tables, and rebuilds the tables from the outlines."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from crash_platform.pipelines.crashes.places.grid import (
    borough_edges,
    borough_grid,
    outline_edges,
)

FOLDER = Path(__file__).parent
OUTLINES, GRID, EDGES = "nyc_boroughs.geojson", "borough_grid.parquet", "borough_edges.parquet"


def load_borough_outlines() -> dict[str, Any]:
    """The borough outlines as GeoJSON: five features with ``code`` and ``name``."""
    outlines: dict[str, Any] = json.loads((FOLDER / OUTLINES).read_text(encoding="utf-8"))
    return outlines


def load_borough_grid() -> pa.Table:
    """Cells of 1/512 degree: cell_row, cell_column, borough (null where an outline passes)."""
    return pq.ParquetFile(FOLDER / GRID).read()


def load_borough_edges() -> pa.Table:
    """Outline edges by latitude band: cell_row, borough, x1, y1, x2, y2 (degrees, y1 <= y2)."""
    return pq.ParquetFile(FOLDER / EDGES).read()


def rebuild(folder: Path = FOLDER) -> dict[str, int]:
    """Write both lookup tables from the shipped outlines into a folder; rows by file name."""
    edges = outline_edges(load_borough_outlines())
    tables = {GRID: borough_grid(edges), EDGES: borough_edges(edges)}
    for name, table in tables.items():
        pq.write_table(table, folder / name, compression="zstd")
    return {name: table.num_rows for name, table in tables.items()}
