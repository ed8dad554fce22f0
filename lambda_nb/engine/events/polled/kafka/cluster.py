"""How a mapping or a pipe reaches its Kafka cluster: brokers, credentials, certificates."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from lambda_nb.engine.machine.call_threads import in_call_thread

Connect = Callable[[str], Awaitable[Any]]
"""Returns a boto3 client for a service."""

_SASL = {
    "BASIC_AUTH": "PLAIN",
    "SASL_SCRAM_256_AUTH": "SCRAM-SHA-256",
    "SASL_SCRAM_512_AUTH": "SCRAM-SHA-512",
}
_CERTIFICATE = "CLIENT_CERTIFICATE_TLS_AUTH"
_ROOT = "SERVER_ROOT_CA_CERTIFICATE"
_LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
_HELLO_S = 5.0
_SESSION_MS = 6000
"""After so long without a sign, brokers give a consumer's partitions to another; the least that
brokers take unless told otherwise."""
_POLL_MS = 3_600_000
"""A function may run for 15 minutes, and its batch be tried again."""
_NEW_PARTITIONS_MS = 10_000


class ClusterError(Exception):
    """The cluster of a mapping cannot be reached; says why."""


class Cluster:
    """The Kafka cluster of a mapping.

    Parameters
    ----------
    config
        The mapping's members, as the API names them.
    connect
        Returns boto3 clients, for secrets and for clusters of MSK.
    """

    def __init__(self, config: Mapping[str, Any], connect: Connect) -> None:
        self._config = config
        self._connect = connect
        self._access = [
            (one["Type"], str(one["URI"])) for one in config.get("SourceAccessConfigurations") or ()
        ]
        endpoints = (config.get("SelfManagedEventSource") or {}).get("Endpoints") or {}
        self.brokers: list[str] = list(endpoints.get("KAFKA_BOOTSTRAP_SERVERS") or ())
        self.arn = str(config.get("EventSourceArn") or "")

    async def consumer(self, group: str, name: str) -> Any:
        """A started consumer of a group, which has subscribed to nothing yet.

        Parameters
        ----------
        group
            The consumer group.
        name
            The member's own name: a consumer that starts again takes its old place at once.

        Raises
        ------
        ClusterError
            No broker answers, or they do not let the consumer in.
        """
        # Imported late: it is needed only where a topic is read.
        from aiokafka import AIOKafkaConsumer

        consumer = AIOKafkaConsumer(
            **await self._settings(),
            group_id=group,
            group_instance_id=name,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=_SESSION_MS,
            heartbeat_interval_ms=_SESSION_MS // 3,
            max_poll_interval_ms=_POLL_MS,
            metadata_max_age_ms=_NEW_PARTITIONS_MS,
        )
        await self._start(consumer)
        return consumer

    async def produce(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Put one record into a topic of the cluster; raises as :meth:`consumer` does."""
        from aiokafka import AIOKafkaProducer

        producer = AIOKafkaProducer(**await self._settings())
        await self._start(producer)
        try:
            await producer.send_and_wait(topic, value, key=key)
        finally:
            await producer.stop()

    async def _start(self, client: Any) -> None:
        from aiokafka.errors import KafkaError

        # Said as the mapping's last result instead, once.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        try:
            await client.start()
        except (KafkaError, OSError, asyncio.TimeoutError, ValueError) as error:
            await client.stop()
            raise ClusterError(f"Cannot connect to {','.join(self.brokers)}: {error}") from error

    async def _settings(self) -> dict[str, Any]:
        """What all of the cluster's clients are told."""
        if self.arn and not self.brokers:
            self.brokers = await self._msk_brokers()
        settings: dict[str, Any] = {"bootstrap_servers": self.brokers}
        kinds = dict(self._access)
        sasl = next((kind for kind, _ in self._access if kind in _SASL), None)
        if sasl is not None:
            secret = await self._secret(kinds[sasl])
            settings |= {
                "sasl_mechanism": _SASL[sasl],
                "sasl_plain_username": secret.get("username"),
                "sasl_plain_password": secret.get("password"),
            }
        wants_tls = sasl is not None or _CERTIFICATE in kinds or _ROOT in kinds
        # Lambda speaks SASL over TLS only; a broker for a developer often has none.
        tls = wants_tls and (_ROOT in kinds or _CERTIFICATE in kinds or await self._has_tls())
        settings["security_protocol"] = ("SASL_" if sasl else "") + ("SSL" if tls else "PLAINTEXT")
        if tls:
            settings["ssl_context"] = await self._tls(kinds)
        return settings

    async def _tls(self, kinds: Mapping[str, str]) -> ssl.SSLContext:
        root = (await self._secret(kinds[_ROOT]))["certificate"] if _ROOT in kinds else None
        try:
            context = ssl.create_default_context(cadata=root)
            if _CERTIFICATE in kinds:
                secret = await self._secret(kinds[_CERTIFICATE])
                with tempfile.TemporaryDirectory() as directory:
                    chain = Path(directory) / "chain.pem"  # ssl takes a client's chain from files
                    chain.touch(0o600)
                    chain.write_text(f"{secret['certificate']}\n{secret['privateKey']}\n")
                    context.load_cert_chain(chain, password=secret.get("privateKeyPassword") or "")
        except (ssl.SSLError, KeyError, ValueError) as error:
            raise ClusterError(f"A certificate or key cannot be used: {error!r}") from error
        return context

    async def _has_tls(self) -> bool:
        """Whether the brokers speak TLS; only those of this machine may do without."""
        host, _, port = self.brokers[0].rpartition(":")
        if host not in _LOOPBACK:
            return True
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # only asks whether it is TLS at all
        opening = asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
        try:
            _, writer = await asyncio.wait_for(opening, _HELLO_S)
        except (ssl.SSLError, ConnectionResetError, asyncio.TimeoutError):
            return False
        except OSError as error:
            raise ClusterError(f"Cannot connect to {self.brokers[0]}: {error}") from error
        writer.close()
        return True

    async def _secret(self, arn: str) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        client = await self._connect("secretsmanager")
        try:
            told = await in_call_thread(client.get_secret_value, SecretId=arn)
            secret = json.loads(told["SecretString"])
        except (ClientError, BotoCoreError, KeyError, ValueError) as error:
            raise ClusterError(f"The secret {arn} cannot be read: {error}") from error
        if not isinstance(secret, dict):
            raise ClusterError(f"The secret {arn} is no JSON object")
        return secret

    async def _msk_brokers(self) -> list[str]:
        """The brokers of a cluster of Amazon MSK, if its service knows any."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = await self._connect("kafka")
        try:
            told = await in_call_thread(client.get_bootstrap_brokers, ClusterArn=self.arn)
        except (ClientError, BotoCoreError) as error:
            raise ClusterError(
                f"The brokers of {self.arn} are not known ({error}): the embedded Amazon MSK has "
                "none. Map your own brokers as a self-managed cluster."
            ) from error
        kinds = {kind for kind, _ in self._access}
        names = ["BootstrapBrokerStringSaslScram"] if kinds & _SASL.keys() else []
        names += ["BootstrapBrokerStringTls"] if _CERTIFICATE in kinds else []
        names += ["BootstrapBrokerString", "BootstrapBrokerStringTls"]
        found = next((told[name] for name in names if told.get(name)), "")
        if not found:
            raise ClusterError(f"{self.arn} has no brokers for this way to authenticate")
        return str(found).split(",")
