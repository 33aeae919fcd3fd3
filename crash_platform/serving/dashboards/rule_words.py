"""Rules of a table's contract as people read them."""

from collections.abc import Mapping

import pyarrow as pa


def with_meanings(rows: pa.Table, meanings: Mapping[str, str]) -> pa.Table:
    """Rows whose column ``rule`` is in words, with a column ``meaning``: what the rule says.

    Args:
        rows: with the names of rules.
        meanings: by name; a rule that is not in the contract any more has none.
    """
    names = rows["rule"].to_pylist()
    words = pa.array([name.replace("_", " ") for name in names], pa.string())
    told = pa.array([meanings.get(name, "") for name in names], pa.string())
    plain = rows.set_column(rows.schema.get_field_index("rule"), "rule", words)
    return plain.append_column("meaning", told)
