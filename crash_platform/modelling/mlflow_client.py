"""The connection to MLflow, and its failures told in one sentence. What is asked is not here."""

import fcntl
import os
import re
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlsplit

from crash_platform.errors import PlatformError

if TYPE_CHECKING:
    from mlflow import MlflowClient

Answer = TypeVar("Answer")
SQLITE = "sqlite:///"
DEFAULTS = {
    # Two more attempts and ten seconds each: out of the box MLflow tries for four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""How MLflow is to behave in this process; whoever sets one of these in the environment wins."""

_CAUSES = (
    (
        r"out-of-date database schema",
        "its database is of another release of MLflow; back it up and run `mlflow db upgrade`",
    ),
    (r"error code 401|error code 403|PERMISSION_DENIED|UNAUTHENTICATED", "it refuses the sign-in"),
    (
        r"failed with exception|Max retries|timed out|too many 50\d|Connection (refused|aborted)"
        r"|error code 50[234]",
        "it does not answer; start it, or correct CRASH_PLATFORM_MLFLOW_TRACKING_URI",
    ),
    (r"file is not a database|malformed", "its database is damaged; restore it from a backup"),
    (r"readonly database", "its database may not be written by this user"),
    (r"database is locked", "its database is in use by others; run again"),
)
_CREDENTIALS = re.compile(r"//[^/@\s]*@")


class RegistryError(PlatformError):
    """MLflow cannot be reached, does not hold what is asked for, or holds something damaged."""


def connect(uri: str) -> "MlflowClient":
    """A client of the tracking server or database at ``uri``; a missing SQLite file is made.

    Raises:
        RegistryError: it does not answer, or its file is no database.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    file = Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None
    if file is not None:
        _check_file(file)
    with reaching(uri, "be opened"), _alone(file), warnings.catch_warnings():
        # MLflow 3.17 builds its own tables with an option that SQLAlchemy 2.1 deprecates.
        warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
        from mlflow import MlflowClient

        return MlflowClient(uri, uri)


@contextmanager
def _alone(file: Path | None) -> Iterator[None]:
    """Let one process at a time make a database: of two that begin at once MLflow breaks both."""
    if file is None:
        yield
        return
    with Path(f"{file}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def reaching(uri: str, doing: str) -> Iterator[None]:
    """Tell what keeps MLflow at ``uri`` from doing something ("be opened", "register x").

    Raises:
        RegistryError: MLflow, its database, the network or the disk refuses. The address is shown
            without credentials, and where it has some, the cause is not chained to the error.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        has_secret = shown(uri) != uri
        raise RegistryError(f"MLflow at {shown(uri)} cannot {doing}: {_cause(error)}.") from (
            None if has_secret else error
        )


def unless(code: str, ask: Callable[[], Answer]) -> Answer | None:
    """The answer of MLflow, or ``None`` where it refuses with this error code."""
    from mlflow.exceptions import MlflowException

    try:
        return ask()
    except MlflowException as error:
        if error.error_code != code:
            raise
    return None


def shown(uri: str) -> str:
    """The address without user, password and query."""
    if uri.startswith(SQLITE):
        return uri
    return _without_credentials(urlsplit(uri)._replace(query="", fragment="").geturl())


def _cause(error: Exception) -> str:
    text = _without_credentials(str(error))
    for pattern, cause in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return cause
    lines = text.splitlines() or [type(error).__name__]
    return lines[0][:300].rstrip(". ")


def _without_credentials(text: str) -> str:
    return _CREDENTIALS.sub("//", text)


def _check_file(path: Path) -> None:
    """MLflow asks a file that it cannot open ten times, for 100 seconds; this asks once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            address = f"file:{quote(str(path))}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as database:
                database.execute("PRAGMA schema_version")
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise RegistryError(
            f"MLflow's database {path} cannot be opened ({reason}): restore it, or name another "
            "with CRASH_PLATFORM_MLFLOW_TRACKING_URI."
        ) from error
