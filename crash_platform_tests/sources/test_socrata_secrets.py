"""A planted token is looked for in everything the client leaves behind."""

import logging
import traceback
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from crash_platform.errors import PlatformError
from crash_platform.sources.socrata import SocrataClient, SocrataDataset
from crash_platform_tests.sources.socrata_cases import Waits, client_of, crashes
from crash_platform_tests.sources.socrata_server import (
    DROPPED,
    Fault,
    SocrataServer,
    html_page,
    refusing,
)

TOKEN = "pl4ntedT0kenpl4ntedT0ken"
FAULTS = [
    None,
    refusing(400, message=f"bad {TOKEN}"),
    refusing(401, message=f"Invalid app_token {TOKEN}"),
    refusing(403, message=f"Invalid app_token {TOKEN}"),
    refusing(404, message=TOKEN),
    refusing(410, message=TOKEN),
    refusing(503, message=TOKEN),
    DROPPED,
    html_page(),
]


def frames_below_the_test(error: BaseException) -> list[str]:
    """The traceback with all variables, as a verbose handler would show it."""
    shown = traceback.TracebackException(
        type(error),
        error,
        error.__traceback__.tb_next if error.__traceback__ else None,
        capture_locals=True,
    )
    return list(shown.format())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_token_is_in_no_output_whatever_happens(
    fault: Fault | None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    left: list[str] = []
    with SocrataServer(crashes(12), app_token=TOKEN) as server:
        server.faults.extend([fault] * 5 if fault else [])
        client = client_of(server, token=TOKEN)
        left += [repr(client), str(client), repr(client.dataset), repr(client.patience)]
        try:
            with client:
                left.append(repr(client.download(None, tmp_path, on_progress=None)))
        except PlatformError as error:
            left += [str(error), repr(error), *frames_below_the_test(error)]
        else:
            assert fault is None
        left += [str(asked) for asked in server.requests]
        assert all(asked.has_token for asked in server.requests)
    left += [file.read_text() for file in tmp_path.iterdir()]
    printed = capfd.readouterr()
    left += [caplog.text, printed.out, printed.err]
    assert "socrata" in caplog.text.lower() or "HTTP Request" in caplog.text
    assert [text for text in left if TOKEN in text] == []


def test_a_content_type_that_quotes_the_token_is_shown_without_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with SocrataServer(app_token=TOKEN) as server, client_of(server, token=TOKEN) as client:
        server.faults.extend([Fault(content_type=f"text/{TOKEN}")] * 5)
        with pytest.raises(PlatformError, match=r"with text/\*\*\* instead of JSON"):
            client.count(None)
    assert caplog.text.count("***") == 4
    assert TOKEN not in caplog.text


def test_a_network_error_that_quotes_the_token_is_shown_without_it() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot send {request.headers['X-App-Token']}")

    dataset = SocrataDataset("https://portal.example", "h9gi-nx95", SecretStr(TOKEN))
    with (
        SocrataClient(dataset, transport=httpx.MockTransport(broken), sleep=Waits()) as client,
        pytest.raises(PlatformError, match=r"ConnectError: cannot send \*\*\*") as failure,
    ):
        client.count(None)
    assert TOKEN not in "".join(traceback.format_exception(failure.value))
