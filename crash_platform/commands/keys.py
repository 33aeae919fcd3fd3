"""The commands about the prediction API's keys: make one, list them, revoke one.

Parsing and printing only; what a key is, is said in `serving.access.keys`.
"""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from crash_platform.serving.guarding import Role
from crash_platform.settings import load_settings

if TYPE_CHECKING:
    from crash_platform.serving.access.files import KeyFile

HEADINGS = ("id", "role", "state", "created", "expires", "name")

app = typer.Typer(
    name="keys", help="Keys of the prediction API: make, list, revoke.", no_args_is_help=True
)


@app.command()
def create(
    role: Annotated[
        Role, typer.Option(help="reader (the model's facts), scorer (predictions), admin (all).")
    ],
    name: Annotated[str, typer.Option(help="Who will use it.")],
    days: Annotated[int, typer.Option(help="Days it is valid for.")] = 365,
) -> None:
    """Make a key and print it, this once; a running server takes it within a second."""
    from crash_platform.serving.access.keys import mint

    text, key = mint(name, role, days, datetime.now(UTC))
    file = _file()
    file.add(key)
    print(text, flush=True)
    # Apart from the key, so that a script can read the key alone.
    print(
        f"Key {key.id} ({key.role}) for {key.name} is valid until {key.expires_at:%Y-%m-%d}. It "
        f"is shown only now; {file.path} keeps no more than its hash.",
        file=sys.stderr,
    )


@app.command("list")
def list_keys() -> None:
    """List all keys, the oldest first; none can be shown again."""
    now = datetime.now(UTC)
    keys = _file().read()
    if not keys:
        print("There are no keys: the prediction API answers this machine only, without one.")
        return
    rows = [HEADINGS]
    rows += [
        (
            key.id,
            key.role,
            key.state(now),
            f"{key.created_at:%Y-%m-%d}",
            f"{key.expires_at:%Y-%m-%d}",
            key.name,
        )
        for key in keys
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip())


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
) -> None:
    """Make a key useless for ever; a running server refuses it within a second."""
    key = _file().revoke(key_id, datetime.now(UTC))
    print(f"Key {key.id} ({key.role}) for {key.name} opens nothing any more.")


def _file() -> "KeyFile":
    from crash_platform.serving.access.files import KeyFile
    from crash_platform.serving.access.guard import KEYS_FILE

    return KeyFile(load_settings().home / KEYS_FILE)
