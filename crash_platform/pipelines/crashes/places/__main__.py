"""Rebuilds the shipped lookup tables: ``python -m crash_platform.pipelines.crashes.places``."""

from crash_platform.pipelines.crashes.places.files import rebuild

if __name__ == "__main__":
    for name, rows in rebuild().items():
        print(f"{name}: {rows} rows")
