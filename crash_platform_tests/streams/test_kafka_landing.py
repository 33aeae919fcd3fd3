"""Landing from a real Kafka broker that is killed and started again."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from crash_platform.streams.kafka import KafkaLog
from crash_platform_tests.streams.kafka_broker import (
    KafkaBroker,
    kafka_broker,
    libraries,
    missing,
)
from crash_platform_tests.streams.landing_contract import LandingContract
from crash_platform_tests.streams.test_kafka import NAMES, BrokerHooks

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A running broker."""
    if lacking := missing():
        pytest.skip(lacking)
    with kafka_broker(libraries(), tmp_path_factory.mktemp("kafka")) as running:
        yield running


@dataclass(frozen=True)
class BrokerServer(BrokerHooks):
    """The broker as the tests handle it."""

    def restart(self) -> None:
        self.broker.kill()
        self.broker.start()

    def lose_an_acknowledgement(self) -> None:
        """The producer is idempotent: what is sent again is not stored again."""


class TestLandingFromKafka(LandingContract):
    @pytest.fixture
    def server(self, broker: KafkaBroker) -> BrokerServer:
        name = next(NAMES)
        broker.create_topic(name)
        return BrokerServer(broker, name)

    @pytest.fixture
    def log(self, server: BrokerServer) -> Iterator[KafkaLog]:
        log = KafkaLog(server.topic, server.broker.settings)
        yield log
        log.close()
