"""How the Event Hubs log signs in, and that what it signs in with is never shown."""

import logging
import sys
import time
import traceback
from collections.abc import Iterator

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from crash_platform.streams.event_hubs import ConnectionString, Entra, EventHubsLog
from crash_platform.streams.hub import Faults, LocalHub
from crash_platform.streams.log import AccessDeniedError, Event, StreamError
from crash_platform_tests.streams.contract import assert_sentence
from crash_platform_tests.streams.logs import bodies, end_of, everything, taken

HUB = "events"
PLANTED = "PLANTED0secret0key0that0nobody0may0see="


class Identity:
    """A credential as azure-identity has them."""

    def __init__(self, token: str) -> None:
        self.scopes = set[str]()
        self._token = token

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.scopes.update(scopes)
        return AccessToken(self._token, int(time.time()) + 3600)


class Nobody:
    """A credential that nobody has signed in to."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        raise ClientAuthenticationError(f"tried this and that with {PLANTED}")


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    with LocalHub(None, {HUB: 2}, key=PLANTED, faults=Faults()) as hub:
        yield hub


def entra(hub: LocalHub, credential: object) -> Entra:
    return Entra(f"127.0.0.1:{hub.port}", credential, use_tls=False)  # type: ignore[arg-type]


def test_entra_id_reads_and_publishes_without_a_key(hub: LocalHub) -> None:
    identity = Identity("a.jwt.token")
    log = EventHubsLog(HUB, entra(hub, identity), deadline=10)
    following = log.follow(end_of(log))
    try:
        log.publish([Event(b"signed in")])
        assert bodies(everything(log)) == [b"signed in"]
        assert bodies(taken(following, 1)) == [b"signed in"]
    finally:
        following.close()
        log.close()
    assert identity.scopes == {"https://eventhubs.azure.net//.default"}


def test_an_identity_without_rights_is_told_which_role_it_needs(hub: LocalHub) -> None:
    hub.faults.deny_access()
    try:
        with pytest.raises(AccessDeniedError, match="Azure Event Hubs Data Owner") as denied:
            EventHubsLog(HUB, entra(hub, Identity("a.jwt.token")), deadline=5).describe()
    finally:
        hub.faults.deny_access(denied=False)
    assert_sentence(denied.value)


def test_who_has_not_signed_in_is_told_how(hub: LocalHub) -> None:
    with pytest.raises(AccessDeniedError, match="az login") as denied:
        EventHubsLog(HUB, entra(hub, Nobody()), deadline=5).publish([Event(b"body")])
    assert_sentence(denied.value)
    assert PLANTED not in traced(denied.value)


def test_entra_id_without_its_library_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(StreamError, match=r"pip install 'crash-platform\[azure\]'"):
        EventHubsLog(HUB, Entra("myns.servicebus.windows.net"), deadline=5).describe()


def test_a_namespace_may_be_given_as_an_address() -> None:
    assert Entra("sb://myns.servicebus.windows.net/").host == "myns.servicebus.windows.net"
    with pytest.raises(StreamError, match="CRASH_PLATFORM_HUB_NAMESPACE is empty"):
        Entra(" ")


def test_a_connection_string_says_where_it_leads() -> None:
    text = "Endpoint=sb://myns.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=b=;"
    there = ConnectionString(text)
    assert (there.host, there.is_local) == ("myns.servicebus.windows.net", False)
    assert ConnectionString(text + "UseDevelopmentEmulator=true").is_local
    assert ConnectionString("Endpoint=sb://h/;SharedAccessSignature=x").host == "h"


@pytest.mark.parametrize(
    "text",
    [
        "",
        PLANTED,
        f"Endpoint=sb://h/;SharedAccessKey={PLANTED}",
        f"Endpoint=h;SharedAccessKeyName=a;SharedAccessKey={PLANTED}",
        f"Endpoint=sb://h/;Endpoint=sb://i/;SharedAccessKeyName=a;SharedAccessKey={PLANTED}",
        f"Endpoint=sb://h/;SharedAccessKeyName=;SharedAccessKey={PLANTED}",
        f"Endpoint=sb://h/;{PLANTED[:-1]};SharedAccessKeyName=a;SharedAccessKey=b",
    ],
)
def test_what_is_no_connection_string_is_told_without_showing_it(text: str) -> None:
    with pytest.raises(StreamError, match="CRASH_PLATFORM_HUB_CONNECTION is no connection") as bad:
        ConnectionString(text)
    assert PLANTED not in traced(bad.value)
    assert PLANTED[:-1] not in traced(bad.value)


def test_the_key_is_in_no_text_no_trace_and_no_log(
    hub: LocalHub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    good = ConnectionString(hub.connection_string())
    shown = [repr(good), str(good), f"{vars(EventHubsLog(HUB, good))}"]
    log = EventHubsLog(HUB, good, deadline=5)
    log.publish([Event(b"body", "key")])
    everything(log)
    log.close()
    wrong = ConnectionString(hub.connection_string().replace(PLANTED, f"x{PLANTED}"))
    missing = EventHubsLog("other", good, deadline=5)
    for failing in (EventHubsLog(HUB, wrong, deadline=5), missing):
        for call in (failing.describe, lambda failing=failing: failing.publish([Event(b"")])):
            with pytest.raises(StreamError) as refused:
                call()
            shown += [str(refused.value), traced(refused.value)]
    told = "".join([*shown, caplog.text, *(str(vars(record)) for record in caplog.records)])
    assert "azure.eventhub" in caplog.text
    assert PLANTED not in told
    assert "SharedAccessSignature sr=" not in told


def test_the_clients_own_warnings_stay_off_a_screen_without_logging(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    with LocalHub(None, {HUB: 1}) as hub:
        log = EventHubsLog(HUB, ConnectionString(hub.connection_string()), deadline=5)
        following = log.follow({"0": -1})
        following.take(1, 0.5)
    with pytest.raises(StreamError):
        following.take(1, 10)
    following.close()
    assert capfd.readouterr() == ("", "")


def traced(error: BaseException) -> str:
    """An error with its causes, as a log shows it."""
    return "".join(traceback.format_exception(error))
