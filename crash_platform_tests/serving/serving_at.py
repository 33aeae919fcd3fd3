"""The real server at a free port of this machine, in a thread, as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from crash_platform.commands.serve import listening, run, server_of


@contextmanager
def serving(app: FastAPI) -> Iterator[int]:
    """The port at which it is served."""
    with listening("127.0.0.1", 0) as listener:
        server = server_of(app)
        thread = threading.Thread(target=run, args=(server, listener))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not end"
