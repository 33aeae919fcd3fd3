"""The prediction API as `crash-platform serve` has it, but looking for champions all the time.

python -m bench.serving.swapping PORT
"""

import sys
from contextlib import closing
from datetime import UTC, datetime

EVERY_SECONDS = 0.2


def main(port: str) -> None:
    """Serve until told to end."""
    from crash_platform.commands.loading import say
    from crash_platform.commands.serve import guard_of, listening, run, server_of
    from crash_platform.modelling.registry import open_registry
    from crash_platform.pipelines.injuries.answering import ChampionWatch
    from crash_platform.pipelines.injuries.words import load_words
    from crash_platform.pipelines.reports.live.places import locator
    from crash_platform.pipelines.reports.live.reading import reader
    from crash_platform.serving.app import Options, create_app
    from crash_platform.settings import load_settings

    settings = load_settings()
    watch = ChampionWatch(open_registry(settings), load_words(), say, every=EVERY_SECONDS)
    with closing(guard_of(settings)) as guard, listening("127.0.0.1", int(port)) as listener, watch:
        read, options = reader(locator()), Options(log=say)
        app = create_app(watch.answerer, guard, lambda: datetime.now(UTC), read, options)
        run(server_of(app), listener)


if __name__ == "__main__":
    main(*sys.argv[1:])
