"""The log of predictions as a server opens it: its folder, and the thread that empties it."""

import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from crash_platform.lake.store import Store
from crash_platform.pipelines.served.keeping import Keeper
from crash_platform.pipelines.served.moving import ServedTable
from crash_platform.pipelines.served.spool import Spool
from crash_platform.settings import Settings

FOLDER = "served"


def open_spool(settings: Settings) -> Spool:
    """The file of this process, below the home folder.

    Raises:
        SpoolError: the folder cannot be made.
    """
    return Spool(settings.home / FOLDER, new_id)


def open_keeper(
    spool: Spool, open_store: Callable[[], Store], say: Callable[[str], None]
) -> Keeper:
    """The thread that brings a spool to the lake, not yet started."""
    return Keeper(spool, ServedTable(open_store, time.monotonic), say, time.monotonic)


def new_id() -> str:
    """A name for a file that no file has had: in order of time, and never twice."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
