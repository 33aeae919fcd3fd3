"""Small records, clients and clocks for the Socrata tests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from crash_platform.sources.socrata import Pull, SocrataClient, SocrataDataset
from crash_platform_tests.sources.socrata_query import Row
from crash_platform_tests.sources.socrata_server import (
    DATASET_ID,
    SocrataServer,
    published,
    records_in,
)

PUBLISHED = "2026-04-14T09:00:00.000Z"
REVISED = "2026-04-15T09:00:00.000Z"


@dataclass
class Waits:
    """A sleep that takes no time and remembers how long it should have taken."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def crash(number: int, **fields: object) -> dict[str, object]:
    return {
        "collision_id": str(number),
        "crash_date": f"2022-01-{number % 28 + 1:02d}T00:00:00.000",
        "number_of_persons_injured": str(number % 3),
    } | fields


def crashes(count: int, at: str = PUBLISHED) -> list[dict[str, object]]:
    return published([crash(number) for number in range(count)], at)


def client_of(
    server: SocrataServer,
    *,
    page_size: int = 10,
    token: str | None = None,
    waits: Waits | None = None,
    timeout_seconds: float = 5,
) -> SocrataClient:
    dataset = SocrataDataset(
        base_url=server.url,
        dataset_id=DATASET_ID,
        app_token=SecretStr(token) if token is not None else None,
        page_size=page_size,
        timeout_seconds=timeout_seconds,
    )
    return SocrataClient(dataset, sleep=waits or Waits(), jitter=lambda: 0.5)


def download(server: SocrataServer, folder: Path, where: str | None = None, **options: Any) -> Pull:
    page_size = options.pop("page_size", 10)
    with client_of(server, page_size=page_size) as client:
        return client.download(where, folder, on_progress=None, **options)


def keys(rows: Sequence[Row]) -> list[str]:
    return sorted(str(row["collision_id"]) for row in rows)


def keys_in(folder: Path) -> list[str]:
    return keys(records_in(folder))


def all_keys(client: SocrataClient, where: str | None = None) -> list[str]:
    return keys([row for page in client.pages(where) for row in page.rows])


def pulls_of(portal: SocrataServer) -> int:
    return sum(asked.params.get("$offset") == "0" for asked in portal.requests)
