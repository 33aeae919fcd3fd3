"""`crash-platform serve`: the pages and the prediction API over the registry's champions.

Parsing and wiring only; what is answered, and to whom, is said in ``serving``.
"""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from threading import Thread
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from crash_platform.errors import PlatformError
from crash_platform.settings import FIRST_DAY, Settings, load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Server

    from crash_platform.pipelines.injuries.answering import ChampionWatch
    from crash_platform.pipelines.served.spool import Spool
    from crash_platform.serving.access.guard import AccessGuard
    from crash_platform.serving.guarding import Guard
    from crash_platform.serving.predictions.service import Service

BACKLOG = 2048
IDLE_SECONDS = 5
CLOSING_SECONDS = 10

Say = Callable[[str], None]
Run = Callable[["Server", socket.socket], None]


class ServingError(PlatformError):
    """The API cannot be served like that."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the pages, the dashboards and the prediction API, until stopped with Ctrl-C."""
    from crash_platform.commands.loading import say

    settings = load_settings()
    with closing(guard_of(settings)) as guard, _ending_well():
        serve_predictions(settings, guard, (host, port), say, run)


def guard_of(settings: Settings) -> "AccessGuard":
    """Who may ask: the keys of the home folder, and Entra tokens where a tenant is set.

    Raises:
        PlatformError: the keys cannot be read, or Entra is set by half.
    """
    from crash_platform.serving.access.entra import entra_of
    from crash_platform.serving.access.guard import open_guard
    from crash_platform.serving.access.rules import Limits

    most = settings.requests_per_minute
    limits = Limits(reader=most, scorer=most, admin=most, open=most)
    entra = entra_of(settings.entra_tenant, settings.entra_audience)
    return open_guard(settings.home, entra=entra, limits=limits)


def serve_predictions(
    settings: Settings, guard: "Guard", address: tuple[str, int], say: Say, run: Run
) -> None:
    """Serve the champions of the settings' registry until the server ends.

    The registry is asked in the background: the server answers at once, and that it is not ready.

    Raises:
        ServingError: others could ask without a key, or the address cannot be had.
        RegistryError: the settings name no registry that can be opened.
    """
    from crash_platform.commands.site import opened_pages
    from crash_platform.modelling.registry import open_registry
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.pipelines.injuries.answering import ChampionWatch
    from crash_platform.pipelines.injuries.words import load_words
    from crash_platform.pipelines.served.opening import open_keeper, open_spool

    host, port = address
    refuse_strangers(guard, host)
    with ExitStack() as held:
        listener = held.enter_context(listening(host, port))
        watch = ChampionWatch(open_registry(settings), load_words(), say)
        held.callback(watch.close)
        spool = open_spool(settings)
        held.enter_context(open_keeper(spool, lambda: open_store(settings), say))
        service = service_of(watch, guard, spool)
        app = app_of(service, say)
        pages = held.enter_context(opened_pages(settings, service, say))
        pages.add(app)
        Thread(target=_begin, args=(watch,), name="champion-start", daemon=True).start()
        for line in announcement(guard, host, listener.getsockname()[1]):
            say(line)
        run(server_of(app, pages.live.close), listener)


def service_of(watch: "ChampionWatch", guard: "Guard", spool: "Spool") -> "Service":
    """What answers reports, and writes its answers down."""
    from crash_platform.commands.site import now
    from crash_platform.pipelines.reports.live.places import locator
    from crash_platform.pipelines.reports.live.reading import reader
    from crash_platform.serving.limits import Limits
    from crash_platform.serving.predictions.log import SpooledLog
    from crash_platform.serving.predictions.service import Service

    read, log = reader(locator()), SpooledLog(spool)
    return Service(watch.answerer, guard, now, read, Limits(), log)


def app_of(service: "Service", say: Say) -> "FastAPI":
    """The API over a service."""
    from crash_platform.serving.app import Options, create_app

    options = Options(service.limits, say, answers=service.log)
    return create_app(service.champions, service.guard, service.clock, service.read, options)


def server_of(app: "FastAPI", end_streams: Callable[[], None] = lambda: None) -> "Server":
    """The server of the app: no names of its software, no log of its own but of its failures.

    Args:
        app: what it serves.
        end_streams: ends answers that would go on for ever, before the server waits for them.
    """
    from uvicorn import Config, Server

    from crash_platform.serving.limits import limited_heads

    class Ending(Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            end_streams()
            await super().shutdown(sockets)

    config = Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        # The client is whoever is connected: a header that says otherwise would be anybody's word.
        proxy_headers=False,
        http=limited_heads(),
        lifespan="off",
        ws="none",
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=CLOSING_SECONDS,
    )
    return Ending(config)


def run(server: "Server", listener: socket.socket) -> None:
    """Serve at a socket until a signal ends it."""
    server.run([listener])


def refuse_strangers(guard: "Guard", host: str) -> None:
    """Refuse to be open where others can reach.

    Raises:
        ServingError: it would be.
    """
    from crash_platform.serving.admission import is_loopback

    if guard.is_open and not is_loopback(host):
        raise ServingError(
            f"At {host} others could ask without a key: make one with crash-platform keys create, "
            "or listen at 127.0.0.1."
        )


def announcement(guard: "Guard", host: str, port: int) -> Iterator[str]:
    """What is said at the start: where it is, and to whom it is open."""
    from crash_platform.serving.admission import is_loopback

    shown = f"[{host}]" if ":" in host else host
    yield f"Pages and API: http://{shown}:{port}   what the API takes: /openapi.json   stop: Ctrl-C"
    if guard.is_open:
        yield (
            "It is open: every program on this machine may ask, without a key, and nobody else. "
            "crash-platform keys create closes it."
        )
    else:
        yield "It is closed: whoever asks needs a key or token."
    if not is_loopback(host):
        yield "Keys travel as they are: let only a proxy that speaks HTTPS reach this address."


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens at an address; port 0 takes a free one.

    Raises:
        ServingError: the address is none of this machine, or is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG)
        except OSError as error:
            raise ServingError(
                f"The API cannot listen at {host}, port {port} ({error.strerror}): choose another "
                "--host or --port."
            ) from error
        yield listener


def _begin(watch: "ChampionWatch") -> None:
    """Load the calendars of all years, then the champions: once it is ready, nobody waits."""
    from crash_platform.commands.site import now
    from crash_platform.pipelines.injuries.features import is_holiday

    for year in range(FIRST_DAY.year, now().year + 2):
        is_holiday(date(year, 1, 1))
    watch.start()


@contextmanager
def _ending_well() -> Iterator[None]:
    """Ctrl-C and SIGTERM end it as they should: the server's connections first, then the rest."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
