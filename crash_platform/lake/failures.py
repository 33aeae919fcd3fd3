"""What can go wrong with a lake that a person can put right, each told in one sentence.

Errors that are none of these are bugs: they pass unchanged, with their traceback.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from deltalake.exceptions import DeltaError

from crash_platform.errors import PlatformError


class LakeError(PlatformError):
    """A table cannot be reached, or refuses what it is asked."""


class EmptyDayError(PlatformError):
    """A replacement would leave a day without rows although nobody confirmed that it has none."""


GONE = "one of its files is gone since this began, by maintenance or by hand; run again"
CAUSES = (
    (
        r"not a directory|NotADirectory|os error 20\b",
        "a part of its path is a file; set CRASH_PLATFORM_LAKE to a folder",
    ),
    (
        r"permission denied|operation not permitted|os error (1|13)\b",
        "this user may not do that there; grant it, or choose another place with "
        "CRASH_PLATFORM_LAKE",
    ),
    (
        r"read-only file system|os error 30\b",
        "its disk is read-only; choose another place with CRASH_PLATFORM_LAKE",
    ),
    (r"no space left|os error 28\b", "its disk is full; free some space and run again"),
    (
        r"(Container|Filesystem)NotFound",
        "its container does not exist; create it, or correct CRASH_PLATFORM_LAKE",
    ),
    (
        r"Invalid Access Key",
        "its account key is not base64; correct CRASH_PLATFORM_AZURE_ACCOUNT_KEY",
    ),
    (
        r"\b40[13] (Forbidden|Unauthorized)|AuthorizationFailure|AuthenticationFailed"
        r"|lacked the necessary privileges|not authorized",
        "Azure refuses the sign-in; check CRASH_PLATFORM_AZURE_ACCOUNT_KEY, "
        "CRASH_PLATFORM_AZURE_SAS_TOKEN or the role Storage Blob Data Contributor",
    ),
    (
        r"error sending request|dns error|tcp connect|connection (refused|reset)|timed out",
        "it cannot be reached; check CRASH_PLATFORM_LAKE and the network",
    ),
    (r"Object at location .* not found|No such file or directory", GONE),
    (
        r"Json error|Invalid JSON|Invalid table version|Kernel error",
        "its Delta log cannot be understood (REASON); restore the table's folder",
    ),
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def reaching(path: str, address: str, doing: str) -> Iterator[None]:
    """Tell what keeps a table from being ``read`` or ``written``.

    Wraps calls of delta-rs and of files only: what the rows' own source raises is not the lake's.

    Raises:
        LakeError: the cause is one that a person can put right.
    """
    try:
        yield
    except (OSError, DeltaError) as error:
        cause = known_cause(error)
        if cause is None:
            raise
        raise LakeError(f"{path} at {address} cannot be {doing}: {cause}.") from error


def known_cause(error: Exception) -> str | None:
    """What a person can put right, and how; ``None`` for a bug.

    Every ``OSError`` is the world's doing; one that is not known is told in its own words.
    """
    if isinstance(error, FileNotFoundError):
        return GONE
    text = _COLOURS.sub("", str(error))
    for pattern, cause in CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return cause.replace("REASON", _flat(text.splitlines()[0]))
    return _flat(text) if isinstance(error, OSError) else None


def _flat(text: str) -> str:
    return " ".join(text.replace("↳", ":").split()).rstrip(".")
