"""One answer of a portal, and the proof that it holds records.

An answer that is not data ends here as an error; whether to ask again is decided in `patience`.
"""

import email.utils
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

import httpx
from httpx import codes

from crash_platform.sources.socrata.dataset import SocrataDataset
from crash_platform.sources.socrata.errors import (
    SocrataAnswerError,
    SocrataError,
    SocrataQueryError,
    SocrataRefusedError,
    SocrataUnknownDatasetError,
)

_LONGEST_QUOTE = 300


@dataclass(frozen=True)
class Page:
    """One answer: its records, and its body exactly as it came (after transfer encoding)."""

    rows: list[dict[str, object]]
    raw: bytes = field(repr=False)


class TransientError(SocrataError):
    """An answer that may be better next time; `retry_after` is the portal's wish in seconds."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


def page_of(dataset: SocrataDataset, params: Mapping[str, str], response: httpx.Response) -> Page:
    """The records of `response`.

    Raises:
        TransientError: for an overloaded portal, and for a body that is not an array of records.
        SocrataError: for an answer that would be the same next time.
    """
    if response.status_code != codes.OK:
        _raise_for_status(dataset, params, response)
    kind = response.headers.get("content-type", "no content type").partition(";")[0].strip()
    if kind.lower() != "application/json":
        raise TransientError(f"status 200 with {dataset.without_token(kind)} instead of JSON")
    return Page(_records(response.content), response.content)


def moment_of(row: Mapping[str, object]) -> datetime:
    """When the portal last wrote this record, in UTC.

    Raises:
        SocrataAnswerError: if the record does not say so.
    """
    text = row.get(":updated_at")
    try:
        moment = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError:
        raise SocrataAnswerError(
            f"A Socrata record has {text!r} as its :updated_at, which is no moment; "
            "ask the portal's owner, or pull without system fields."
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _records(body: bytes) -> list[dict[str, object]]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise TransientError("status 200 with a body that is not complete JSON") from None
    if not isinstance(found, list):
        raise TransientError("status 200 with JSON that is not an array of records")
    if not all(isinstance(row, dict) for row in found):
        raise TransientError("status 200 with an array that holds something else than records")
    return found


def _raise_for_status(
    dataset: SocrataDataset, params: Mapping[str, str], response: httpx.Response
) -> NoReturn:
    status = response.status_code
    if status in (codes.ACCEPTED, codes.TOO_MANY_REQUESTS) or codes.is_server_error(status):
        raise TransientError(f"status {status}", _retry_after(response))
    said = dataset.without_token(_message(response))
    if status in (codes.UNAUTHORIZED, codes.FORBIDDEN):
        raise _refusal(dataset, f"{status}{said}")
    if status == codes.BAD_REQUEST:
        query = "&".join(f"{name}={value}" for name, value in params.items())
        raise SocrataQueryError(
            f"Socrata at {dataset.host} could not run the query {query} on dataset "
            f"{dataset.dataset_id}{said}; correct the field names and the where clause."
        )
    if status == codes.NOT_FOUND:
        raise SocrataUnknownDatasetError(
            f"Socrata at {dataset.host} has no dataset {dataset.dataset_id}{said}; "
            "correct base_url or dataset_id."
        )
    raise SocrataAnswerError(
        f"Socrata at {dataset.host} answered status {status} for dataset {dataset.dataset_id}"
        f"{said}; check base_url and any proxy in between."
    )


def _refusal(dataset: SocrataDataset, answer: str) -> SocrataRefusedError:
    if dataset.app_token is None:
        return SocrataRefusedError(
            f"Socrata at {dataset.host} refused a request without application token with status "
            f"{answer}; dataset {dataset.dataset_id} is not open to everyone: set app_token."
        )
    return SocrataRefusedError(
        f"Socrata at {dataset.host} refused the application token with status {answer}; "
        "correct the app_token setting, or leave it unset to ask without one."
    )


def _message(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    message = body.get("message") if isinstance(body, dict) else None
    return f" ({' '.join(str(message).split())[:_LONGEST_QUOTE]})" if message else ""


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds; a date counts from the portal's own clock, so that ours need not be right."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text)
        now = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None
