"""Runs notebooks without Jupyter, as a script: their paths in, what each cell showed out as JSON.

It ends at the first cell that fails, with a line that names notebook and cell. It imports nothing
of the platform, so that a notebook has to import what it needs.
"""

import ast
import contextlib
import io
import json
import sys
import traceback
from pathlib import Path
from typing import Any


class CellError(Exception):
    """A cell failed."""


def run(path: Path) -> dict[str, Any]:
    """What each code cell of a notebook showed, by its id: its last value, or what it printed."""
    shown: dict[str, Any] = {}
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], start=1):
        if cell["cell_type"] == "code":
            where = f"{path.name}, cell {number} ({cell['id']})"
            try:
                shown[cell["id"]] = _run_cell("".join(cell["source"]), where, names)
            except Exception as error:
                traceback.print_exc()
                raise CellError(f"{where}: {type(error).__name__}: {error}") from error
    return shown


def _run_cell(source: str, where: str, names: dict[str, Any]) -> Any:
    *body, last = ast.parse(source, where).body
    printed, value = io.StringIO(), object()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), where, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)
        else:
            exec(compile(ast.Module([last], []), where, "exec"), names)
    if hasattr(value, "to_json"):
        return json.loads(value.to_json(date_format="iso", orient="split"))
    return printed.getvalue()


if __name__ == "__main__":
    import matplotlib as mpl

    mpl.use("Agg")
    try:
        print(json.dumps({path: run(Path(path)) for path in sys.argv[1:]}))
    except CellError as failed:
        sys.exit(str(failed))
