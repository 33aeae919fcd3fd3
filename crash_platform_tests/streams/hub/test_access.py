"""Tokens, as the client signs them."""

import pytest
from azure.eventhub._pyamqp.utils import generate_sas_token

from crash_platform.streams.hub.access import JWT, SAS_TOKEN, objection
from crash_platform.streams.hub.addresses import Address, node, publisher, reader

SCOPE = "sb://127.0.0.1:5672/hub/consumergroups/$Default"


def token(key: str = "the key=", expiry: int = 2_000) -> str:
    made: str = generate_sas_token(SCOPE, "policy", key, expiry)  # type: ignore[no-untyped-call]
    return made


def test_a_token_signed_with_the_key_is_good_until_it_expires() -> None:
    assert objection(token(), SAS_TOKEN, "the key=", now=2_000) is None
    assert "ExpiredToken" in str(objection(token(), SAS_TOKEN, "the key=", now=2_001))


@pytest.mark.parametrize(
    "bad",
    [
        token(key="another"),
        token().replace("hub", "other"),
        token().replace("se=2000", "se=9000"),
        "SharedAccessSignature ",
        "SharedAccessSignature sr=&se=&sig=ä",
        "text",
        "",
    ],
)
def test_any_other_token_is_refused(bad: str) -> None:
    assert objection(bad, SAS_TOKEN, "the key=", now=0) is not None


def test_a_jwt_is_taken_as_nobody_here_could_verify_it() -> None:
    assert objection("header.body.signature", JWT, "the key=", now=0) is None


def test_no_objection_repeats_the_key() -> None:
    assert "the key=" not in str(objection(token(key="no"), SAS_TOKEN, "the key=", now=0))


def test_addresses_name_hubs_partitions_and_groups_in_any_case() -> None:
    host = "amqps://127.0.0.1:5672/"

    assert publisher(host + "Hub") == Address("Hub")
    assert publisher(host + "hub/Partitions/3") == Address("hub", "3")
    assert reader(host + "hub/ConsumerGroups/$Default/Partitions/3") == Address(
        "hub", "3", "$Default"
    )
    assert reader("hub/consumergroups/g/PARTITIONS/0") == Address("hub", "0", "g")
    assert [node("$cbs"), node(host + "$management"), node("hub")] == ["$cbs", "$management", None]


@pytest.mark.parametrize("address", ["", "hub/Publishers/p", "hub/x/y/z", "hub/Partitions/"])
def test_other_addresses_are_no_publishers_and_no_readers(address: str) -> None:
    assert (publisher(address), reader(address)) == (None, None)
