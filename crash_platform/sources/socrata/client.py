"""Asking a portal for records: counts, pages, whole pulls, changes.

What an answer must look like stands in `page`, how often to ask again in `patience`.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from crash_platform.sources.socrata.changes import Changes, changes_since
from crash_platform.sources.socrata.dataset import SocrataDataset
from crash_platform.sources.socrata.errors import SocrataAnswerError, SocrataQueryError
from crash_platform.sources.socrata.page import Page, TransientError, page_of
from crash_platform.sources.socrata.patience import Patience
from crash_platform.sources.socrata.pull import Pull, PullPlan, pull_all
from crash_platform.sources.socrata.snapshot import Snapshot, snapshot_of
from crash_platform.sources.socrata.soql import ALL_FIELDS, field_name

LONGEST_CONNECT_SECONDS = 10.0


class SocrataClient:
    """Asks one dataset, over one connection, from one thread. Use it as a context manager.

    Every method raises a SocrataError with one sentence; none of them returns what is not data.
    """

    def __init__(
        self,
        dataset: SocrataDataset,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.dataset = dataset
        self.patience = Patience(dataset, sleep, jitter)
        token = dataset.app_token
        # Redirects are not followed: they would carry the token to another host.
        self._http = httpx.Client(
            headers={"Accept": "application/json"}
            | ({"X-App-Token": token.get_secret_value()} if token else {}),
            timeout=httpx.Timeout(
                dataset.timeout_seconds,
                connect=min(LONGEST_CONNECT_SECONDS, dataset.timeout_seconds),
            ),
            transport=transport,
            trust_env=not dataset.is_on_this_machine,
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()

    def count(self, where: str | None) -> int:
        """How many records the portal counts."""
        return self.snapshot(where, with_newest=False).count

    def snapshot(self, where: str | None, *, with_newest: bool = True) -> Snapshot:
        """The count and, where system fields are served, the newest `:updated_at`.

        Two equal snapshots around a pull show that nothing moved under it.
        """
        select = "count(*),max(:updated_at) as newest" if with_newest else "count(*)"
        params = _query(select, where)
        return self.patience.ask(lambda: snapshot_of(self._get(params)))

    def pages(
        self,
        where: str | None,
        *,
        select: str = ALL_FIELDS,
        order: str = ":id",
        limit: int | None = None,
    ) -> Iterator[Page]:
        """The records, a page at a time, in a stated order; no page is empty.

        `order` has to end in a unique field: a portal without order repeats some records on a later
        page and leaves out as many. At most `limit` rows come; None means all.
        """
        if not order.strip():
            raise SocrataQueryError("Socrata pages need an order; give a unique field such as :id.")
        offset, size = 0, self.dataset.page_size
        while limit is None or offset < limit:
            wanted = size if limit is None else min(size, limit - offset)
            page = self._page(_query(select, where) | _slice(order, wanted, offset), wanted)
            received = len(page.rows)
            if received:
                yield page
            del page  # one page in memory, not this one and the next
            if received < wanted:
                return
            offset += received

    def download(  # noqa: PLR0913
        self,
        where: str | None,
        folder: Path,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        order: str = ":id",
        select: str = ALL_FIELDS,
        key_field: str | None = None,
    ) -> Pull:
        """Writes every page's body as it came into `folder`, and confirms that none is missing.

        Earlier `page_NNNNN.json` files there are replaced; after an error none is left. The count
        is taken before and after. If it moved, if another number of rows came, or if an id came
        twice, the pull is repeated, three times in all.

        Args:
            where: A where clause, or None for the whole dataset.
            folder: Created if need be.
            on_progress: Told (rows so far, rows expected) after each page; a repeated pull starts
                again at its first page.
            order: A unique order.
            select: For a mirror without system fields: `*`, with `order` and `key_field` to match.
            key_field: Tells records apart where `:id` is not served.

        Raises:
            SocrataIncompleteError: if fewer rows came than the portal counts, three times.
        """
        if key_field is not None:
            field_name(key_field)
        return pull_all(self, PullPlan(where, folder, select, order, key_field), on_progress)

    def changed_since(self, moment: datetime, *, date_field: str, limit: int) -> Changes:
        """Which dates have records written at `moment` or later; reads at most `limit` of them.

        Raises:
            SocrataIncompleteError: if records kept changing while they were read.
        """
        return changes_since(self, moment, field_name(date_field), limit)

    def _page(self, params: dict[str, str], wanted: int) -> Page:
        page = self.patience.ask(lambda: self._get(params))
        if len(page.rows) > wanted:
            raise SocrataAnswerError(
                f"Socrata at {self.dataset.host} sent {len(page.rows)} rows where {wanted} were "
                "asked for, so it does not honour $limit; use another mirror of the dataset."
            )
        return page

    def _get(self, params: dict[str, str]) -> Page:
        try:
            response = self._http.get(self.dataset.resource_url, params=params)
        except httpx.RequestError as error:
            said = self.dataset.without_token(str(error)) or "no further word"
            raise TransientError(f"{type(error).__name__}: {said}") from None
        return page_of(self.dataset, params, response)


def _query(select: str, where: str | None) -> dict[str, str]:
    return {"$select": select} | ({"$where": where} if where else {})


def _slice(order: str, limit: int, offset: int) -> dict[str, str]:
    return {"$order": order, "$limit": str(limit), "$offset": str(offset)}
