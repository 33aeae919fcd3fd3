"""The commands about live events: the local hub, landing, dead letters, replay.

Parsing and printing only; what a landing is, is said in `streams`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from crash_platform.commands.loading import say
from crash_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from crash_platform.orchestration.feeds.feed import Feed
    from crash_platform.streams.landing import Lander

SHOWN = 20
FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]
Kind = Literal["crashes", "weather"]

dead_letters = typer.Typer(
    name="dead-letters",
    help="Messages that are no events: list them, try them again.",
    no_args_is_help=True,
)
OfStream = Annotated[Kind | None, typer.Option("--stream", help="Only of one stream.")]


def hub() -> None:
    """Run the local hub, which the Event Hubs client takes for the service, until Ctrl-C."""
    from crash_platform.streams.hosting import local_hubs
    from crash_platform.streams.hub import run

    settings = load_settings()
    run(settings.hub_folder, local_hubs(settings), settings.hub_port, say)


def land(
    accept_loss: Annotated[
        bool,
        typer.Option(help="Go on after events that retention has removed, and note them."),
    ] = False,
    accept_new_hub: Annotated[
        bool, typer.Option(help="Read a hub that was made anew, from its start.")
    ] = False,
    stream: OfStream = None,
) -> None:
    """Land all that is in the hubs in bronze, and bring silver and gold up to date with it."""
    from crash_platform.commands.landing import Landings
    from crash_platform.streams.planning import Accepting

    landings = Landings(load_settings(), say)
    for feed in _feeds(stream):
        landings.land(feed, Accepting(accept_loss, accept_new_hub))


@dead_letters.command("list")
def list_dead_letters(stream: OfStream = None) -> None:
    """List the messages that wait among the dead letters, the newest first."""
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.streams.replay import waiting

    store = open_store(load_settings())
    names = [feed.stream.name for feed in _feeds(stream)]
    letters = [row for row in waiting(store).to_pylist() if row["stream"] in names]
    for row in reversed(letters[-SHOWN:]):
        what = f"{row['lost_count']} lost" if row["body"] is None else f"{len(row['body'])} bytes"
        say(
            f"{row['enqueued_at']:%Y-%m-%d %H:%M:%S}  {row['stream']}  partition "
            f"{row['partition_id']} at {row['sequence_number']}  {what}, tried "
            f"{row['attempts']}x  {row['error_class']}: {row['reason']}"
        )
    counts = {row["error_class"]: 0 for row in letters}
    for row in letters:
        counts[row["error_class"]] += 1
    told = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    say(f"{len(letters)} dead letters wait{': ' + told if told else ''}.")


@dead_letters.command("replay")
def replay_dead_letters(stream: OfStream = None) -> None:
    """Try every dead letter again; what is an event by now goes to bronze and on to gold."""
    from crash_platform.commands.landing import Landings
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.streams.replay import replay_dead_letters as replay_letters

    settings = load_settings()
    for feed in _feeds(stream):
        done = replay_letters(open_store(settings), feed.stream, _now)
        say(
            f"{feed.stream.name}: {done.tried} dead letters tried, {done.taken} taken over, "
            f"{done.refused} still refused."
        )
        Landings(settings, say).follow(feed)


def replay(
    since: Annotated[
        datetime,
        typer.Option("--from", help="The moment of arrival to begin at (UTC).", formats=FORMATS),
    ],
    stream: OfStream = None,
) -> None:
    """Read the hubs again from a moment on, and land what bronze does not hold."""
    from crash_platform.commands.landing import Landings
    from crash_platform.streams.replay import replay_hub

    settings, moment = load_settings(), since.replace(tzinfo=UTC)
    for feed in _feeds(stream):
        with _lander(settings, feed) as lander:
            done = replay_hub(lander, moment)
        say(
            f"{feed.stream.name}: {done.tried} messages since {moment:%Y-%m-%d %H:%M:%S} read "
            f"again, {done.taken} of them were missing."
        )
        Landings(settings, say).follow(feed)


@contextmanager
def _lander(settings: Settings, feed: "Feed") -> "Iterator[Lander]":
    from crash_platform.orchestration.lakes import open_store
    from crash_platform.streams.landing import Lander
    from crash_platform.streams.opening import open_log

    log = open_log(settings, feed.stream.hub(settings), hosting=True)
    try:
        yield Lander(open_store(settings), feed.stream, log, _now)
    finally:
        log.close()


def _feeds(stream: Kind | None) -> "list[Feed]":
    from crash_platform.pipelines.catalogue import feeds

    return [feed for kind, feed in feeds().items() if stream in (None, kind)]


def _now() -> datetime:
    return datetime.now(UTC)
