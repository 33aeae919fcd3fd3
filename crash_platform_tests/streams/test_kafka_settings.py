"""Options of Kafka's client, and the sentences about its errors: nothing is opened here."""

import builtins
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crash_platform.streams.kafka import KafkaLog, event_hubs_kafka
from crash_platform.streams.kafka_client import generation
from crash_platform.streams.kafka_errors import Troubles, Wording
from crash_platform.streams.kafka_settings import OWNED_PUBLISHING, OWNED_READING, without_secrets
from crash_platform.streams.log import (
    AccessDeniedError,
    LogMissingError,
    LogUnreachableError,
    Range,
    StreamError,
)
from crash_platform_tests.streams.contract import assert_sentence

CONNECTION = (
    "Endpoint=sb://Crashes.servicebus.windows.net/;SharedAccessKeyName=land;SharedAccessKey=c2Vj=="
)
SIGNED_IN = {"bootstrap.servers": "broker:9092", "sasl.password": "planted"}


@dataclass(frozen=True)
class Failure:
    """An error with the face of the client's."""

    code: builtins.str
    words: builtins.str = "Broker: something (after 12ms in state UP)"

    def name(self) -> builtins.str:
        return self.code

    def str(self) -> builtins.str:
        return self.words


@dataclass(frozen=True)
class TopicId:
    """A topic's id with the face of the client's."""

    high: int
    low: int

    def get_most_significant_bits(self) -> int:
        return self.high

    def get_least_significant_bits(self) -> int:
        return self.low


# -- Event Hubs


def test_the_kafka_endpoint_of_event_hubs_takes_the_connection_string_as_password() -> None:
    options = event_hubs_kafka(f" {CONNECTION}\n")
    assert options["bootstrap.servers"] == "crashes.servicebus.windows.net:9093"
    assert options["sasl.username"] == "$ConnectionString"
    assert options["sasl.password"] == CONNECTION
    assert (options["security.protocol"], options["sasl.mechanisms"]) == ("SASL_SSL", "PLAIN")
    assert 0 < int(options["metadata.max.age.ms"]) <= 180_000
    assert int(options["connections.max.idle.ms"]) < 240_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "crashes.servicebus.windows.net",
        "Endpoint=sb://crashes.servicebus.windows.net/",
        "Endpoint=https://crashes;SharedAccessKey=planted",
        "Endpoint=;SharedAccessKey=planted",
    ],
)
def test_what_is_no_connection_string_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(StreamError, match="CRASH_PLATFORM_HUB_CONNECTION") as refused:
        event_hubs_kafka(text)
    assert_sentence(refused.value)
    assert "planted" not in str(refused.value)


def test_the_local_hub_speaks_no_kafka() -> None:
    with pytest.raises(StreamError, match="does not speak Kafka"):
        event_hubs_kafka("Endpoint=sb://127.0.0.1:5673;UseDevelopmentEmulator=true")


# -- options


@pytest.mark.parametrize("settings", [{}, {"bootstrap.servers": " "}, {"client.id": "x"}])
def test_without_servers_a_log_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(StreamError, match="CRASH_PLATFORM_KAFKA_SERVERS"):
        KafkaLog("reports", settings)


@pytest.mark.parametrize("option", sorted({**OWNED_READING, **OWNED_PUBLISHING}))
def test_what_exactly_once_rests_on_cannot_be_set(option: str) -> None:
    with pytest.raises(StreamError, match=option):
        KafkaLog("reports", {**SIGNED_IN, option: "x"})


def test_a_log_never_prints_its_settings() -> None:
    log = KafkaLog("reports", SIGNED_IN)
    assert repr(log) == "KafkaLog('reports')"


# -- secrets


@given(
    st.sampled_from(["sasl.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"]),
    st.text(st.characters(codec="ascii", min_codepoint=33), min_size=4),
    st.text(),
    st.text(),
)
def test_no_secret_gets_into_a_text(name: str, secret: str, before: str, after: str) -> None:
    said = without_secrets(f"{before} {secret} {after}", {name: secret})
    assert secret not in said or secret in f"{before} *** {after}"


def test_a_text_of_several_lines_comes_as_one() -> None:
    assert without_secrets("a\n  b\r\nc", {}) == "a b c"


def test_a_refused_value_is_not_repeated() -> None:
    told = without_secrets('Invalid value "my "pass" word" for configuration property "x"', {})
    assert told == 'Invalid value for configuration property "x"'


# -- errors


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("_AUTHENTICATION", AccessDeniedError),
        ("TOPIC_AUTHORIZATION_FAILED", AccessDeniedError),
        ("UNKNOWN_TOPIC_OR_PART", LogMissingError),
        ("_UNKNOWN_TOPIC", LogMissingError),
        ("_TRANSPORT", LogUnreachableError),
        ("_MSG_TIMED_OUT", LogUnreachableError),
        ("LEADER_NOT_AVAILABLE", LogUnreachableError),
        ("MSG_SIZE_TOO_LARGE", StreamError),
        ("POLICY_VIOLATION", StreamError),
    ],
)
def test_every_error_is_of_a_kind_and_a_sentence(code: str, kind: type[StreamError]) -> None:
    say = Wording("reports", SIGNED_IN, 30.0)
    error = say.of(Failure(code, "no entry for planted\nat all (after 5ms in state CONNECT)"))
    assert type(error) is kind
    assert_sentence(error)
    assert "reports" in str(error)
    assert "planted" not in str(error)
    assert "in state" not in str(error)


def test_the_sentences_about_ranges_name_them() -> None:
    say = Wording("reports", SIGNED_IN, 30.0)
    wanted = Range("3", 10, 20)
    for error in (say.gone(wanted, 15), say.beyond(wanted, 5), say.silent(wanted)):
        assert_sentence(error)
        assert "the range (10, 20] of partition 3 of the topic reports" in str(error)


def test_a_refusal_is_remembered_whatever_is_reported_after_it() -> None:
    troubles = Troubles()
    refusal, cut, all_down = (
        Failure(code) for code in ("_AUTHENTICATION", "_TRANSPORT", "_ALL_BROKERS_DOWN")
    )
    for each in (refusal, cut, all_down):
        troubles(each)
    assert (troubles.denied, troubles.last) == (refusal, cut)


# -- generations


def test_a_topic_without_an_id_is_of_generation_one() -> None:
    assert generation(None) == generation(TopicId(0, 0)) == 1


SIGNED = st.integers(-(2**63), 2**63 - 1)


@given(SIGNED, SIGNED)
def test_a_generation_is_a_positive_number_of_63_bits_and_stays(high: int, low: int) -> None:
    found = generation(TopicId(high, low))
    assert 1 <= found < 2**63
    assert found == generation(TopicId(high, low))


@given(SIGNED, st.integers(0, 62))
def test_ids_that_differ_by_a_bit_are_of_two_generations(high: int, bit: int) -> None:
    low = 0x0123456789ABCDEF
    one, other = generation(TopicId(high, low)), generation(TopicId(high, low ^ (1 << bit)))
    assert one != other or {one, other} == {1}
