"""The engine's one port: MQTT plain, in TLS with certificates of devices, over WebSocket."""

from __future__ import annotations

import http.client
import queue
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from awscrt import auth, io, mqtt5
from awscrt import mqtt as mqtt3
from awsiot import mqtt5_client_builder, mqtt_connection_builder
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from mqtt_lab import CREDENTIAL, PATIENCE_S, SESSION, V3, V5, Client, Device, Lab, broker
from paho.mqtt.enums import MQTTProtocolVersion

from lambda_nb.engine.api.admission.credentials import Credential

VERSIONS = pytest.mark.parametrize("version", [V3, V5], ids=["3.1.1", "5"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A broker on a port with everything."""
    with broker(tls=tmp_path_factory.mktemp("tls")) as lab:
        yield lab


def trusted(lab: Lab) -> Path:
    """The file of the authority that clients trust."""
    assert lab.certificates is not None
    return lab.certificates.public / "lambda-nb.pem"


def signed(lab: Lab, credential: Credential = CREDENTIAL, **about: Any) -> str:
    """A path with a signature in its query."""
    url = f"http://127.0.0.1:{lab.port}/mqtt"
    request = AWSRequest("GET", url)
    keys = Credentials(credential.access_key, about.get("secret", credential.secret_key))
    SigV4QueryAuth(keys, about.get("service", "iotdevicegateway"), "eu-west-1", 60).add_auth(
        request
    )
    query = request.url.partition("?")[2]
    if credential.token:  # added after signing, as AWS's SDKs do
        query += f"&X-Amz-Security-Token={quote(credential.token, safe='')}"
    return f"/mqtt?{query}"


def exchange(client: Client, topic: str, payload: bytes = b"x" * 100_000) -> None:
    """Send a client a message of its own."""
    client.subscribe(topic)
    client.publish(topic, payload)
    assert client.payloads(1) == [payload]


def asked(lab: Lab, host: str, context: ssl.SSLContext) -> str:
    """What an HTTPS request is answered with: the size of the certificate that it showed."""
    connection = http.client.HTTPSConnection(host, lab.port, timeout=PATIENCE_S, context=context)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@VERSIONS
def test_plain(lab: Lab, version: MQTTProtocolVersion) -> None:
    with Client(lab.port, f"plain{version}", version) as client:
        exchange(client, f"plain{version}")
    attempt = lab.policy.attempts[-1]
    assert (attempt.protocol, attempt.tls, attempt.certificate_der) == ("mqtt", False, None)


def test_http_on_the_same_port(lab: Lab) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=PATIENCE_S)
    try:
        for _ in range(2):
            connection.request("GET", "/")
            assert connection.getresponse().read() == b"none"
    finally:
        connection.close()


@VERSIONS
def test_tls_without_a_certificate(lab: Lab, version: MQTTProtocolVersion) -> None:
    context = ssl.create_default_context(cafile=trusted(lab))

    def prepare(client: Any) -> None:
        client.tls_set_context(context)
        client.username_pw_set("user", "word")

    with Client(lab.port, f"tls{version}", version, prepare=prepare) as client:
        exchange(client, f"tls{version}")
    attempt = lab.policy.attempts[-1]
    assert (attempt.tls, attempt.certificate_der) == (True, None)
    assert (attempt.username, attempt.password) == ("user", b"word")


def test_devices_show_their_certificates(lab: Lab, tmp_path: Path) -> None:
    authority = Device("Test CA", tmp_path)
    signed_one = Device("signed", tmp_path, authority)
    own = Device("own", tmp_path)
    stranger = Device("stranger", tmp_path)
    lab.anchors += [authority.der, own.der]
    for device in (signed_one, own):
        context = device.context(trusted(lab))
        with Client(lab.port, "dev", prepare=lambda c, x=context: c.tls_set_context(x)) as client:
            exchange(client, "dev")
        assert lab.policy.attempts[-1].certificate_der == device.der
        assert asked(lab, "127.0.0.1", context) == str(len(device.der))
        assert asked(lab, "127.0.0.1", context) == str(len(device.der))
    context = stranger.context(trusted(lab))
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        asked(lab, "127.0.0.1", context)
    lab.anchors.append(stranger.der)
    assert asked(lab, "127.0.0.1", context) == str(len(stranger.der))
    plain = ssl.create_default_context(cafile=trusted(lab))
    assert asked(lab, "127.0.0.1", plain) == "none"


def test_the_server_s_name_and_alpn(lab: Lab) -> None:
    context = ssl.create_default_context(cafile=trusted(lab))
    context.set_alpn_protocols(["x-amzn-mqtt-ca"])
    context.check_hostname = False

    class Named(ssl.SSLContext):
        """Calls the server by another name than its address."""

        def wrap_socket(self, sock: Any, **about: Any) -> Any:  # type: ignore[override]
            """Begin with TLS."""
            return context.wrap_socket(sock, server_hostname="a1.iot.localhost")

    named = Named(ssl.PROTOCOL_TLS_CLIENT)
    with Client(lab.port, "named", prepare=lambda c: c.tls_set_context(named)) as client:
        line: Any = client.paho.socket()
        assert line.selected_alpn_protocol() == "x-amzn-mqtt-ca"
    assert lab.policy.attempts[-1].server_name == "a1.iot.localhost"


@VERSIONS
@pytest.mark.parametrize("credential", [CREDENTIAL, SESSION], ids=["key", "session"])
def test_web_socket_with_a_signature(
    lab: Lab, version: MQTTProtocolVersion, credential: Credential
) -> None:
    path = signed(lab, credential)

    def prepare(client: Any) -> None:
        client.ws_set_options(path, {"Host": f"127.0.0.1:{lab.port}"})

    with Client(lab.port, "ws", version, transport="websockets", prepare=prepare) as client:
        exchange(client, "ws", b"y" * 131_072)
        client.subscribe("many")
        for number in range(500):
            client.paho.publish("many", b"%d" % number, 1)
        assert client.payloads(500) == [b"%d" % number for number in range(500)]
    attempt = lab.policy.attempts[-1]
    assert attempt.sigv4 is not None
    assert (attempt.sigv4.access_key, attempt.sigv4.region) == (credential.access_key, "eu-west-1")
    assert (attempt.protocol, attempt.tls) == ("http", False)


@pytest.mark.parametrize(
    "about", [{"secret": "wrong"}, {"service": "lambda"}], ids=["secret", "service"]
)
def test_web_socket_with_a_wrong_signature(lab: Lab, about: dict[str, str]) -> None:
    path = signed(lab, **about)
    asked_before = len(lab.policy.attempts)
    with pytest.raises(Exception, match="WebSocket handshake error"):
        Client(
            lab.port,
            transport="websockets",
            prepare=lambda client: client.ws_set_options(path),
        )
    assert len(lab.policy.attempts) == asked_before


def test_web_socket_for_an_authorizer(lab: Lab) -> None:
    gone = lab.heard("$aws/events/presence/disconnected/authorized")
    path = "/mqtt?x-amz-customauthorizer-name=mine&token=a%20b"

    def prepare(client: Any) -> None:
        client.ws_set_options(path, {"Host": "a1.iot.localhost", "Token": "secret"})

    with Client(lab.port, "authorized", transport="websockets", prepare=prepare) as client:
        exchange(client, "authorized")
        client.paho.disconnect()
        client.until("disconnected")
    attempt = lab.policy.attempts[-1]
    assert attempt.sigv4 is None
    assert attempt.query == "x-amz-customauthorizer-name=mine&token=a%20b"
    assert attempt.headers["token"] == "secret"
    assert b"CLIENT_INITIATED" in gone.get(timeout=5).payload


class Device5:
    """A client of AWS's SDK, MQTT 5."""

    def __init__(self, builder: Any, lab: Lab, **about: Any) -> None:
        self.messages: queue.Queue[Any] = queue.Queue()
        self._up: queue.Queue[Any] = queue.Queue()
        self._down: queue.Queue[Any] = queue.Queue()
        self.client: mqtt5.Client = builder(
            endpoint="127.0.0.1",
            port=lab.port,
            on_publish_received=lambda data: self.messages.put(data.publish_packet),
            on_lifecycle_connection_success=self._up.put,
            on_lifecycle_connection_failure=self._up.put,
            on_lifecycle_stopped=self._down.put,
            **about,
        )
        self.client.start()
        self.connected = self._up.get(timeout=PATIENCE_S)

    def close(self) -> None:
        """End."""
        self.client.stop()
        self._down.get(timeout=PATIENCE_S)


def exchange5(device: Device5) -> None:
    """Send a device a message of its own."""
    assert isinstance(device.connected, mqtt5.LifecycleConnectSuccessData), device.connected
    wanted = [mqtt5.Subscription(topic_filter="sdk/5", qos=mqtt5.QoS.AT_LEAST_ONCE)]
    answer = device.client.subscribe(mqtt5.SubscribePacket(subscriptions=wanted)).result(PATIENCE_S)
    assert [int(code) for code in answer.reason_codes] == [1]
    sent = mqtt5.PublishPacket(
        topic="sdk/5",
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        payload=b"from the SDK",
        content_type="text/plain",
        user_properties=[mqtt5.UserProperty("a", "b")],
    )
    puback = device.client.publish(sent).result(PATIENCE_S).puback
    assert int(puback.reason_code) == 0
    got = device.messages.get(timeout=PATIENCE_S)
    assert (got.payload, got.content_type) == (b"from the SDK", "text/plain")
    assert [(one.name, one.value) for one in got.user_properties] == [("a", "b")]


def test_aws_s_sdk_5_with_a_certificate(lab: Lab, tmp_path: Path) -> None:
    own = Device("sdk", tmp_path)
    lab.anchors.append(own.der)
    device = Device5(
        mqtt5_client_builder.mtls_from_path,
        lab,
        cert_filepath=str(own.certificate),
        pri_key_filepath=str(own.key),
        ca_filepath=str(trusted(lab)),
        client_id="sdk-5",
    )
    try:
        exchange5(device)
        settings = device.connected.negotiated_settings
        assert settings.maximum_packet_size_to_server == 149_504
        assert (settings.receive_maximum_from_server, settings.topic_alias_maximum_to_server) == (
            100,
            8,
        )
        assert lab.policy.attempts[-1].certificate_der == own.der
    finally:
        device.close()


@pytest.mark.parametrize("credential", [CREDENTIAL, SESSION], ids=["key", "session"])
def test_aws_s_sdk_5_over_web_socket(lab: Lab, credential: Credential) -> None:
    provider = auth.AwsCredentialsProvider.new_static(
        credential.access_key, credential.secret_key, credential.token or None
    )
    device = Device5(
        mqtt5_client_builder.websockets_with_default_aws_signing,
        lab,
        region="eu-west-1",
        credentials_provider=provider,
        ca_filepath=str(trusted(lab)),
        client_id="sdk-ws",
    )
    try:
        exchange5(device)
        attempt = lab.policy.attempts[-1]
        assert attempt.sigv4 is not None
        assert attempt.sigv4.access_key == credential.access_key
        assert (attempt.protocol, attempt.tls) == ("http", True)
    finally:
        device.close()


def test_aws_s_sdk_3_with_a_certificate(lab: Lab, tmp_path: Path) -> None:
    own = Device("sdk3", tmp_path)
    lab.anchors.append(own.der)
    found: queue.Queue[bytes] = queue.Queue()
    bootstrap = io.ClientBootstrap.get_or_create_static_default()
    connection = mqtt_connection_builder.mtls_from_path(
        endpoint="127.0.0.1",
        port=lab.port,
        cert_filepath=str(own.certificate),
        pri_key_filepath=str(own.key),
        ca_filepath=str(trusted(lab)),
        client_bootstrap=bootstrap,
        client_id="sdk-3",
        clean_session=False,
        keep_alive_secs=30,
    )
    assert connection.connect().result(PATIENCE_S) == {"session_present": False}
    subscribed, _ = connection.subscribe(
        topic="sdk/3",
        qos=mqtt3.QoS.AT_LEAST_ONCE,
        callback=lambda topic, payload, **about: found.put(payload),
    )
    assert subscribed.result(PATIENCE_S)["qos"] == mqtt3.QoS.AT_LEAST_ONCE
    published, _ = connection.publish("sdk/3", b"hello", mqtt3.QoS.AT_LEAST_ONCE)
    published.result(PATIENCE_S)
    assert found.get(timeout=PATIENCE_S) == b"hello"
    connection.disconnect().result(PATIENCE_S)


def test_an_old_signature(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    class Past(datetime):
        """A clock that is late."""

        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            """An hour ago."""
            return datetime.now(tz) - timedelta(hours=1)

    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: Past.now(timezone.utc))
    path = signed(lab)
    with pytest.raises(Exception, match="WebSocket handshake error"):
        Client(
            lab.port,
            transport="websockets",
            prepare=lambda client: client.ws_set_options(path),
        )
