"""`crash-platform serve`: the prediction API, with the champions of the registry, until Ctrl-C.

Parsing and wiring only; what is answered, and to whom, is said in ``serving``.
"""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime
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
    from crash_platform.serving.access.guard import AccessGuard
    from crash_platform.serving.guarding import Guard

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
    """Answer how likely crashes have injuries, over HTTP, until stopped with Ctrl-C."""
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
    from crash_platform.modelling.registry import open_registry
    from crash_platform.pipelines.injuries.answering import ChampionWatch
    from crash_platform.pipelines.injuries.words import load_words

    host, port = address
    refuse_strangers(guard, host)
    with ExitStack() as held:
        listener = held.enter_context(listening(host, port))
        watch = ChampionWatch(open_registry(settings), load_words(), say)
        held.callback(watch.close)
        app = app_of(watch, guard, say)
        Thread(target=_begin, args=(watch,), name="champion-start", daemon=True).start()
        for line in announcement(guard, host, listener.getsockname()[1]):
            say(line)
        run(server_of(app), listener)


def app_of(watch: "ChampionWatch", guard: "Guard", say: Say) -> "FastAPI":
    """The API over the champions of a watch."""
    from crash_platform.pipelines.reports.live.places import locator
    from crash_platform.pipelines.reports.live.reading import reader
    from crash_platform.serving.app import Options, create_app

    def now() -> datetime:
        return datetime.now(UTC)

    return create_app(watch.answerer, guard, now, reader(locator()), Options(log=say))


def server_of(app: "FastAPI") -> "Server":
    """The server of the app: no names of its software, no log of its own but of its failures."""
    from uvicorn import Config, Server

    config = Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        # The client is whoever is connected: a header that says otherwise would be anybody's word.
        proxy_headers=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=CLOSING_SECONDS,
    )
    return Server(config)


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
    yield f"Prediction API: http://{shown}:{port}   what it takes: /openapi.json   stop: Ctrl-C"
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
    from crash_platform.pipelines.injuries.features import is_holiday

    for year in range(FIRST_DAY.year, datetime.now(UTC).year + 2):
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
