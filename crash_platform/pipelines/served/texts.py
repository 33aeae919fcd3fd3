"""The SQL texts of this pipeline, by name."""

from importlib.resources import files


def sql(name: str) -> str:
    """The text of ``<name>.sql``."""
    return (files(__package__) / f"{name}.sql").read_text(encoding="utf-8")
