"""The JSON Schemas of the events, written from their models (run as a module, or `make docs`).

Whoever sends events reads `docs/events`; a test keeps the files what the models say.
"""

import json
import sys
from pathlib import Path

from crash_platform.pipelines.catalogue import feeds


def schemas() -> dict[str, str]:
    """The text of every schema file, by its name."""
    found = {}
    for feed in feeds().values():
        contract = feed.stream.contract
        for version, model in contract.versions.items():
            title = f"{contract.schema}.v{version}"
            schema = model.model_json_schema() | {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": title,
            }
            found[f"{title}.json"] = json.dumps(schema, indent=2) + "\n"
    return found


def write(folder: Path) -> None:
    """Write every schema file into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
