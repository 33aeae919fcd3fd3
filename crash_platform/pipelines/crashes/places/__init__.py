"""Which borough a point lies in: the outlines and the two lookup tables made from them.

`grid.py` builds the tables, `files.py` reads and writes them; the lookup itself is one SQL text,
`silver_places.sql`.
"""

from crash_platform.pipelines.crashes.places.files import (
    load_borough_edges,
    load_borough_grid,
    load_borough_outlines,
)

__all__ = ["load_borough_edges", "load_borough_grid", "load_borough_outlines"]
