"""A portal on this machine: HTTP, SODA 2.1 answers, a request log, and faults on command.

For tests, and by hand:
`python -m crash_platform_tests.sources.socrata_server --rows FOLDER_OF_JSON --port N`.
What a query means stands in `socrata_query`.
"""

import argparse
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

from crash_platform_tests.sources.socrata_query import SYSTEM_FIELDS, BadQuery, Row, Table

DATASET_ID = "h9gi-nx95"
JSON = "application/json;charset=utf-8"


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; the token itself is not kept."""

    path: str
    params: Mapping[str, str]
    has_token: bool

    @property
    def is_count(self) -> bool:
        return self.params.get("$select", "").startswith("count(")


@dataclass(frozen=True)
class Fault:
    """What one answer does instead of its duty; the functions below name the usual ones.

    Attributes:
        on: The kind of request it waits for.
        drop: Close the connection at once, or in the middle of the body.
        is_cut: Send half of the body as if it were whole.
        wait_seconds: Keep silent first.
        then: Called once the answer has been made, before the next one is.
    """

    status: int = 200
    body: bytes | None = None
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    on: Literal["any", "count", "page"] = "any"
    drop: Literal["never", "at once", "in the body"] = "never"
    is_cut: bool = False
    wait_seconds: float = 0
    then: Callable[[], None] | None = None

    def meets(self, asked: Asked) -> bool:
        return self.on == "any" or (self.on == "count") == asked.is_count


def refusing(status: int, message: str = "no", retry_after: str | None = None) -> Fault:
    body = json.dumps({"code": "error", "error": True, "message": message}).encode()
    headers = (("Retry-After", retry_after),) if retry_after is not None else ()
    return Fault(status=status, body=body, headers=headers)


def html_page() -> Fault:
    return Fault(body=b"<html><body>We are back soon</body></html>", content_type="text/html")


def saying(body: bytes, on: Literal["any", "count", "page"] = "any") -> Fault:
    return Fault(body=body, on=on)


def shifting(then: Callable[[], None]) -> Fault:
    """Serves the page and changes the records behind it."""
    return Fault(on="page", then=then)


DROPPED = Fault(drop="at once")
DROPPED_IN_BODY = Fault(drop="in the body")
TRUNCATED = Fault(is_cut=True)
EMPTY = saying(b"[]", on="page")


class SocrataServer:
    """The portal. `rows` and `faults` may be changed while it serves.

    Attributes:
        faults: Spent in order, one per request that the first of them waits for.
        requests: Everything that was asked.
        ignores_order: Pages overlap as in the pull of 2026-04-16, whatever $order says.
    """

    def __init__(
        self,
        rows: Iterable[Row] = (),
        *,
        app_token: str | None = None,
        is_token_required: bool = False,
        dataset_id: str = DATASET_ID,
        port: int = 0,
    ) -> None:
        self.app_token, self.is_token_required = app_token, is_token_required
        self.dataset_id = dataset_id
        self.faults: deque[Fault] = deque()
        self.requests: list[Asked] = []
        self.ignores_order = False
        self.fields: set[str] = set(SYSTEM_FIELDS)
        self.rows = tuple(rows)
        self.is_closing = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    @rows.setter
    def rows(self, rows: Iterable[Row]) -> None:
        self._rows = tuple(rows)
        self.fields |= {field for row in self._rows for field in row}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Serves until interrupted."""
        self._thread.join()

    def fault_for(self, asked: Asked) -> Fault:
        if self.faults and self.faults[0].meets(asked):
            return self.faults.popleft()
        return Fault()

    def answer(self, asked: Asked, token: str | None) -> tuple[int, bytes]:
        """Status and body."""
        if asked.path != f"/resource/{self.dataset_id}.json":
            return _error(404, "dataset.missing", "Not found")
        if token is not None and token != self.app_token:
            return _error(403, "permission_denied", "Invalid app_token specified")
        if token is None and self.is_token_required:
            return _error(403, "permission_denied", "You must be logged in")
        try:
            found = Table(self.rows, self.fields, self.ignores_order).answer(asked.params)
        except BadQuery as bad:
            return _error(400, bad.code, str(bad))
        lines = (json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in found)
        return 200, ("[" + "\n,".join(lines) + "]\n").encode()


def _error(status: int, code: str, message: str) -> tuple[int, bytes]:
    return status, json.dumps({"code": code, "error": True, "message": message}).encode()


def _handler(server: SocrataServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        timeout = 30

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            token = self.headers.get("X-App-Token")
            params = dict(parse_qsl(parts.query, keep_blank_values=True))
            asked = Asked(parts.path, params, token is not None)
            server.requests.append(asked)
            fault = server.fault_for(asked)
            status, body = server.answer(asked, token)
            if fault.then is not None:
                fault.then()
            if fault.wait_seconds:
                server.is_closing.wait(fault.wait_seconds)
            if fault.drop == "at once":
                self.close_connection = True
                return
            with suppress(ConnectionError):
                self._send(fault, fault.status if fault.status != 200 else status, body)

        def _send(self, fault: Fault, status: int, body: bytes) -> None:
            whole = body if fault.body is None else fault.body
            sent = whole[: len(whole) // 2] if fault.is_cut else whole
            self.send_response(status)
            self.send_header("Content-Type", fault.content_type)
            self.send_header("Content-Length", str(len(sent)))
            self.send_header("X-SODA2-Fields", json.dumps(sorted(server.fields)))
            for name, value in fault.headers:
                self.send_header(name, value)
            self.end_headers()
            if fault.drop == "in the body":
                sent, self.close_connection = sent[: len(sent) // 2], True
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def published(
    records: Iterable[Row], at: str, *, key: str = "collision_id", before: Iterable[Row] = ()
) -> list[dict[str, object]]:
    """`records` as a portal publishes them at the moment `at`, one per key.

    A record that stood unchanged in `before` keeps its `:updated_at`; one that is new, or changed,
    gets `at`. The `:id` follows from the key.
    """
    known = {row[key]: dict(row) for row in before}
    rows = []
    for record in {record[key]: record for record in records}.values():
        old = known.get(record[key], {})
        fields = {name: value for name, value in record.items() if name not in SYSTEM_FIELDS}
        is_same = fields == {name: v for name, v in old.items() if name not in SYSTEM_FIELDS}
        digest = hashlib.sha256(str(record[key]).encode()).hexdigest()
        row_id = f"row-{digest[:4]}-{digest[4:8]}-{digest[8:12]}"
        rows.append({":id": row_id, ":updated_at": old[":updated_at"] if is_same else at} | fields)
    return rows


def records_in(folder: Path) -> list[dict[str, object]]:
    """The records of all JSON arrays in a folder, file by file."""
    return [row for file in sorted(folder.glob("*.json")) for row in json.loads(file.read_bytes())]


def main() -> None:
    parser = argparse.ArgumentParser(description="A Socrata portal on this machine, for trials.")
    parser.add_argument("--rows", type=Path, required=True, help="folder of JSON arrays")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--dataset", default=DATASET_ID)
    parser.add_argument("--key", default="collision_id", help="field that tells records apart")
    parser.add_argument("--updated-at", default="2026-01-01T00:00:00.000Z")
    parser.add_argument("--app-token", default=None, help="the only token that is accepted")
    given = parser.parse_args()
    rows = published(records_in(given.rows), given.updated_at, key=given.key)
    options = {"app_token": given.app_token, "dataset_id": given.dataset}
    with SocrataServer(rows, port=given.port, **options) as server, suppress(KeyboardInterrupt):
        print(f"{len(rows)} rows at {server.url}/resource/{given.dataset}.json", flush=True)
        server.wait()


if __name__ == "__main__":
    main()
