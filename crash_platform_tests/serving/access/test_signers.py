"""The keys that an identity provider signs with."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.serving.access.signers import Signers, fetch_from, signing_keys
from crash_platform.serving.guarding import AccessError
from crash_platform_tests.serving.access.doubles import Clock, Provider, public_entry


class Handler(BaseHTTPRequestHandler):
    """Answers with the key set, an error page, a redirect, or text that is no JSON."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/keys")
            self.end_headers()
            return
        self.send_response(500 if self.path == "/broken" else 200)
        self.end_headers()
        page = b"<html>sign in</html>" if self.path == "/page" else None
        self.wfile.write(page or json.dumps(Provider().document()).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_keys_come_from_the_address_of_the_provider(address: str) -> None:
    found = Signers(fetch_from(f"{address}/keys"), Clock().monotonic).find("first")
    assert found is not None
    assert (found.key_id, found.algorithm_name) == ("first", "RS256")


@pytest.mark.parametrize("path", ["/broken", "/page", "/moved"])
def test_anything_but_a_key_set_is_a_failure(
    address: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    signers = Signers(fetch_from(address + path), Clock().monotonic)
    with pytest.raises(AccessError) as refused:
        signers.find("first")
    assert (refused.value.code, refused.value.retry_after) == ("unavailable", 30)
    assert caplog.records[-1].levelno == logging.ERROR


def test_a_provider_that_cannot_be_reached_is_a_failure() -> None:
    with pytest.raises(AccessError) as refused:
        Signers(fetch_from("http://127.0.0.1:1/keys"), Clock().monotonic).find("first")
    assert refused.value.code == "unavailable"


def test_known_keys_are_asked_for_once_in_an_hour() -> None:
    clock, provider = Clock(), Provider()
    signers = Signers(provider.fetch, clock.monotonic)
    for _ in range(59):
        assert signers.find("first") is not None
        clock.pass_by(60)
    assert provider.asked == 1
    clock.pass_by(60)
    assert signers.find("first") is not None
    assert provider.asked == 2


def test_a_key_that_is_new_at_the_provider_is_found_after_half_a_minute_at_most() -> None:
    clock, provider = Clock(), Provider()
    signers = Signers(provider.fetch, clock.monotonic)
    signers.find("first")
    provider.key_ids = ["second"]
    assert signers.find("second") is None
    clock.pass_by(30)
    assert signers.find("second") is not None
    assert signers.find("first") is None


def test_made_up_ids_do_not_make_the_server_ask_all_the_time() -> None:
    clock, provider = Clock(), Provider()
    signers = Signers(provider.fetch, clock.monotonic)
    for number in range(300):
        assert signers.find(f"made-up-{number}") is None
        clock.pass_by(1)
    assert provider.asked == 10


def test_known_keys_outlive_a_failure_by_a_day_and_unknown_ones_are_not_called_wrong() -> None:
    clock, provider = Clock(), Provider()
    signers = Signers(provider.fetch, clock.monotonic)
    signers.find("first")
    provider.is_down = True
    clock.pass_by(7200)
    assert signers.find("first") is not None
    with pytest.raises(AccessError, match="cannot be reached"):
        signers.find("second")
    clock.pass_by(86_400)
    with pytest.raises(AccessError, match="cannot be reached"):
        signers.find("first")
    provider.is_down = False
    clock.pass_by(30)
    assert signers.find("first") is not None


def test_a_provider_that_is_down_is_asked_twice_in_a_minute() -> None:
    clock, provider = Clock(), Provider()
    provider.is_down = True
    signers = Signers(provider.fetch, clock.monotonic)
    for _ in range(60):
        with pytest.raises(AccessError):
            signers.find("first")
        clock.pass_by(1)
    assert provider.asked == 2


def test_only_rsa_keys_for_signatures_are_taken() -> None:
    good = public_entry("first")
    others = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        good | {"kid": "encryption", "use": "enc"},
        good | {"kid": "other", "alg": "RS512"},
        good | {"kid": None},
        {"kty": "RSA", "kid": "broken", "n": "?", "e": 3},
        "text",
    ]
    assert list(signing_keys({"keys": [*others, good]})) == ["first"]


@pytest.mark.parametrize("document", [None, [], {}, {"keys": 3}, {"keys": []}, {"keys": [{}]}])
def test_a_document_without_keys_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match="key set"):
        signing_keys(document)


entries = st.dictionaries(
    st.sampled_from(["kty", "use", "alg", "kid", "n", "e", "k"]),
    st.sampled_from(["RSA", "sig", "RS256", "AQAB", "x", ""]) | st.integers() | st.none(),
)


@given(st.lists(entries, max_size=4))
def test_any_document_gives_keys_or_a_refusal(found: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="key set"):
        signing_keys({"keys": [{**entry, "kty": "RSA", "d": "AQAB"} for entry in found]})
