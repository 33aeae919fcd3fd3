"""A Kafka broker of its own for a test: one process on loopback, its data in a folder.

What the tests write to it and read from it stays with them.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

VARIABLE = "CRASH_PLATFORM_TEST_KAFKA"
CLUSTER = "Y3Jhc2gtcGxhdGZvcm0tMQ"
USER, PASSWORD = "reader", "right-password"
PATIENCE = 120.0
JVM = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class KafkaBroker:
    """A broker that can be killed and started again on the same port with the same data.

    Args:
        libraries: the folder of jars that ``.ci/kafka`` prints.
        folder: an empty folder for its data, its configuration and its output (``broker.txt``).
    """

    def __init__(self, libraries: Path, folder: Path) -> None:
        self._libraries = libraries
        self._folder = folder
        self._port, self._guarded, controller = free_ports(3)
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = folder / "server.properties"
        self._configuration.write_text(
            configuration(folder / "data", self._port, self._guarded, controller)
        )
        self._run("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c")

    @property
    def servers(self) -> str:
        """Where it listens, as ``bootstrap.servers`` says it."""
        return f"127.0.0.1:{self._port}"

    @property
    def settings(self) -> dict[str, str]:
        """The least a client needs."""
        return {"bootstrap.servers": self.servers}

    def signed_in(self, password: str = PASSWORD) -> dict[str, str]:
        """What ``USER`` needs, who may do nothing but what the tests allow."""
        return {
            "bootstrap.servers": f"127.0.0.1:{self._guarded}",
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "PLAIN",
            "sasl.username": USER,
            "sasl.password": password,
        }

    def admin(self) -> "AdminClient":
        """A client that may do everything."""
        from confluent_kafka.admin import AdminClient

        return AdminClient({**self.settings, "log_level": "0", "reconnect.backoff.max.ms": "200"})

    def start(self) -> None:
        """Start the process and wait until it answers a client."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the process, and do not wait for it."""
        with (self._folder / "broker.txt").open("ab") as output:
            command = self._command("kafka.Kafka")
            self._process = subprocess.Popen(command, stdout=output, stderr=output)

    def wait(self) -> None:
        """Wait until it answers: an open port alone says nothing yet."""
        from confluent_kafka import KafkaException

        end = time.monotonic() + PATIENCE
        admin = self.admin()
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the broker ended: {self._last_words()}")
            try:
                admin.list_topics(timeout=1)
            except KafkaException:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"the broker did not answer in {PATIENCE} s: {self._last_words()}")

    def stop(self) -> None:
        """End it in an orderly way, if it runs; by force if that takes too long."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(PATIENCE)
            self._process = None

    def kill(self) -> None:
        """End it at once, as a power cut would; returns when the process is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def restart(self) -> None:
        """Kill it, and start it again with what it had written."""
        self.kill()
        self.start()

    def create_topic(
        self, name: str, partitions: int = 2, options: Mapping[str, str] | None = None
    ) -> None:
        """Make a topic, and wait until the broker leads its partitions."""
        from confluent_kafka.cimpl import NewTopic

        admin = self.admin()
        topic = NewTopic(name, partitions, 1, config=dict(options or {}))
        admin.create_topics([topic])[name].result(30)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            held = admin.list_topics(topic=name, timeout=10).topics[name]
            if held.error is None and all(p.leader >= 0 for p in held.partitions.values()):
                return
            time.sleep(0.05)
        raise RuntimeError(f"topic {name} has no leaders")

    def delete_topic(self, name: str) -> None:
        """Delete a topic, and wait until nobody lists it."""
        admin = self.admin()
        admin.delete_topics([name])[name].result(30)
        while name in admin.list_topics(timeout=10).topics:
            time.sleep(0.05)

    def allow(self, topic: str, *operations: str) -> None:
        """Let ``USER`` do something with a topic: READ, WRITE or DESCRIBE."""
        from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
        from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

        bindings = [
            AclBinding(
                ResourceType.TOPIC,
                topic,
                ResourcePatternType.LITERAL,
                f"User:{USER}",
                "*",
                AclOperation[operation],
                AclPermissionType.ALLOW,
            )
            for operation in operations
        ]
        admin = self.admin()  # an unnamed client would be gone before it answered
        for done in admin.create_acls(bindings).values():
            done.result(30)

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Remove the oldest records of a partition, as retention would; ``before`` stays."""
        from confluent_kafka import TopicPartition

        wanted = TopicPartition(topic, partition, before)
        admin = self.admin()
        admin.delete_records([wanted])[wanted].result(30)

    def _run(self, main: str, *arguments: str) -> None:
        done = subprocess.run(
            self._command(main, *arguments), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{main} ended with {done.returncode}: {done.stderr[-500:]}")

    def _command(self, main: str, *arguments: str) -> list[str]:
        java = shutil.which("java") or "java"
        return [
            java,
            *JVM,
            "-cp",
            f"{self._libraries}/*",
            main,
            *arguments,
            str(self._configuration),
        ]

    def _last_words(self) -> str:
        return (self._folder / "broker.txt").read_text(errors="replace")[-500:]


@contextmanager
def kafka_broker(libraries: Path, folder: Path) -> Iterator[KafkaBroker]:
    """A running broker, stopped at the end."""
    broker = KafkaBroker(libraries, folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.kill()


def missing() -> str | None:
    """What a broker needs and is not there, as a sentence; None if all is."""
    if importlib.util.find_spec("confluent_kafka") is None:
        return "needs Kafka's client: pip install 'crash-platform[kafka]'"
    if shutil.which("java") is None:
        return "needs Java 17 or newer for the Kafka broker"
    if not list(libraries().glob("kafka_*.jar")):
        return f"needs a Kafka broker: set {VARIABLE} to what .ci/kafka FOLDER prints"
    return None


def libraries() -> Path:
    """The folder of jars that the environment names."""
    return Path(os.environ.get(VARIABLE) or os.devnull)


def configuration(data: Path, port: int, guarded: int, controller: int) -> str:
    """A single node that is broker and controller, keeps everything once and makes no topics.

    On ``port`` everybody may do everything; on ``guarded`` who signs in may do what is allowed.
    """
    login = "org.apache.kafka.common.security.plain.PlainLoginModule"
    guard = "listener.name.sasl_plaintext"
    listeners = {"PLAINTEXT": port, "SASL_PLAINTEXT": guarded}
    options = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "listeners": addresses({**listeners, "CONTROLLER": controller}),
        "advertised.listeners": addresses(listeners),
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,"
        "CONTROLLER:PLAINTEXT",
        f"{guard}.sasl.enabled.mechanisms": "PLAIN",
        f"{guard}.plain.sasl.jaas.config": f'{login} required user_{USER}="{PASSWORD}";',
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "log.retention.check.interval.ms": 1000,
        "log.cleaner.dedupe.buffer.size": 4194304,
    }
    return "".join(f"{name}={value}\n" for name, value in options.items())


def addresses(listeners: Mapping[str, int]) -> str:
    """Listeners as the configuration names them."""
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items())


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on right now, each another."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
