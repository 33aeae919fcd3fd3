"""What connections share: who may read beside whom, where events go, what is forgotten when."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from crash_platform.streams.hub.broker import Broker
from crash_platform.streams.hub.faults import Faults
from crash_platform.streams.hub.log import Hub, HubError, Log
from crash_platform.streams.hub.nodes import describe, put_token
from crash_platform.streams.hub.positions import Refusal
from crash_platform.streams.hub.sections import Request
from crash_platform_tests.streams.hub.messages import batch, event, read


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(eq=False)
class AReader:
    broker: Broker
    hub: Hub
    epoch: int | None
    group: str = "$default"
    partition: int = 0
    told: list[str] = field(default_factory=list)

    def detach(self, why: Refusal) -> None:
        self.told.append(why.condition)
        self.broker.leave_reader(self)

    def wake(self) -> None:
        self.told.append("wake")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def broker(clock: Clock) -> Iterator[Broker]:
    log = Log(None)
    broker = Broker(log, "key", timedelta(days=7), clock, Faults())
    broker.declare({"Crashes": 4})
    yield broker
    log.close()


def entered(broker: Broker, epoch: int | None, group: str = "$default") -> tuple[AReader, str]:
    reader = AReader(broker, broker.known("crashes"), epoch, group)
    refused = broker.enter_reader(reader)
    return reader, refused.condition if refused else "in"


def numbers(broker: Broker, hub: str = "crashes") -> list[int]:
    known = broker.known(hub)
    return [broker.log.extent(known, each).next for each in range(known.partitions)]


def test_five_readers_without_epoch_may_share_a_group_and_no_sixth(broker: Broker) -> None:
    assert [entered(broker, None)[1] for _ in range(6)] == ["in"] * 5 + [
        "amqp:resource-limit-exceeded"
    ]
    assert entered(broker, None, group="another")[1] == "in"


def test_a_higher_or_equal_epoch_takes_over(broker: Broker) -> None:
    none, _ = entered(broker, None)
    low, _ = entered(broker, 1)
    same, _ = entered(broker, 1)
    high, said = entered(broker, 2)

    assert said == "in"
    assert [each.told for each in (none, low, same)] == [["amqp:link:stolen"]] * 3
    assert high.told == []


def test_a_lower_epoch_or_none_is_refused_until_the_higher_has_left(broker: Broker) -> None:
    high, _ = entered(broker, 2)

    assert [entered(broker, epoch)[1] for epoch in (1, None)] == ["amqp:link:stolen"] * 2
    broker.leave_reader(high)
    assert entered(broker, None)[1] == "in"
    assert high.told == []


def test_groups_do_not_push_each_other_out(broker: Broker) -> None:
    mine, _ = entered(broker, 1, group="mine")

    assert entered(broker, 9, group="yours")[1] == "in"
    assert mine.told == []


def test_only_the_partitions_readers_are_woken(broker: Broker) -> None:
    reader, _ = entered(broker, None)
    hub = broker.known("crashes")

    broker.publish(hub, 1, event(b"x"), 0)
    assert reader.told == []
    broker.publish(hub, 0, event(b"x"), 0)
    assert reader.told == ["wake"]


def test_without_a_key_partitions_take_turns(broker: Broker) -> None:
    for _ in range(8):
        broker.publish(broker.known("crashes"), None, event(b"x"), 0)

    assert numbers(broker) == [2, 2, 2, 2]


def test_a_key_goes_to_one_partition_and_keys_are_spread(broker: Broker) -> None:
    hub = broker.known("crashes")
    for key in range(400):
        for _ in range(2):
            broker.publish(hub, None, *batch(event(b"x"), event(b"y"), key=f"k{key}"))

    counts = numbers(broker)
    assert sum(counts) == 1600
    assert all(count % 4 == 0 and 200 < count < 600 for count in counts)


def test_a_stored_event_says_when_by_the_clock(broker: Broker, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 20, 12, 0, 0, 1_000, tzinfo=UTC)
    hub = broker.known("crashes")

    broker.publish(hub, 2, event(b"x"), 0)

    ((_, stored),) = broker.log.read(hub, 2, 0, 9, 999)
    assert read(stored).message_annotations[b"x-opt-enqueued-time"] == 1_795_176_000_001


def test_old_events_are_forgotten_as_new_ones_come(broker: Broker, clock: Clock) -> None:
    hub = broker.known("crashes")
    broker.publish(hub, 0, event(b"old"), 0)
    clock.now += timedelta(days=6)
    broker.publish(hub, 0, event(b"young"), 0)
    clock.now += timedelta(days=2)

    broker.publish(hub, 1, event(b"new"), 0)

    assert (broker.log.extent(hub, 0).first, broker.log.extent(hub, 0).next) == (1, 2)


def test_a_hub_keeps_its_number_of_partitions(broker: Broker) -> None:
    broker.declare({"crashes": 4})

    with pytest.raises(HubError, match="has 4 partitions, which cannot become 5"):
        broker.declare({"crashes": 5})


def test_an_unknown_hub_is_named_with_those_there_are(broker: Broker) -> None:
    with pytest.raises(HubError, match="no hub named nope: it has Crashes"):
        broker.recreate("nope")


def test_making_a_hub_anew_ends_its_links(broker: Broker) -> None:
    reader, _ = entered(broker, None)

    broker.recreate("CRASHES")

    assert reader.told == ["amqp:not-found"]
    assert broker.known("crashes").created_at > reader.hub.created_at


def asked(**arguments: object) -> Request:
    named: dict[object, object] = dict(arguments.items())
    return Request(None, named, "token")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"operation": "READ", "type": "com.microsoft:eventhub", "name": "CRASHES"}, 200),
        ({"operation": "READ", "type": "com.microsoft:eventhub", "name": "nope"}, 404),
        (
            {"operation": "READ", "type": "com.microsoft:partition", "name": "crashes",
             "partition": "4"},
            404,
        ),
        ({"operation": "READ", "type": "com.microsoft:partition", "name": "crashes"}, 404),
        ({"operation": "READ", "type": "com.microsoft:else", "name": "crashes"}, 404),
        ({"operation": "DELETE", "type": "com.microsoft:eventhub", "name": "crashes"}, 400),
        ({}, 400),
    ],
)  # fmt: skip
def test_questions_about_hubs_are_answered_by_status(
    broker: Broker, arguments: dict[str, object], status: int
) -> None:
    assert describe(asked(**arguments), broker).status == status


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"operation": "put-token", "type": "jwt"}, 202),
        ({"operation": "put-token", "type": "servicebus.windows.net:sastoken"}, 401),
        ({"operation": "put-token", "type": "else"}, 401),
        ({"operation": "put-token"}, 400),
        ({"operation": "READ", "type": "jwt"}, 400),
    ],
)
def test_tokens_are_taken_or_refused_by_status(
    broker: Broker, arguments: dict[str, object], status: int
) -> None:
    assert put_token(asked(**arguments), broker).status == status


def test_denied_is_denied_whatever_the_token(broker: Broker) -> None:
    broker.faults.deny_access()

    assert put_token(asked(operation="put-token", type="jwt"), broker).status == 401
    assert describe(asked(operation="READ", name="crashes"), broker).status == 401
