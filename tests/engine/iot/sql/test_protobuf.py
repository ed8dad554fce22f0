"""``decode(value, "proto", ...)``: a ``FileDescriptorSet`` and messages, written here by hand."""

from __future__ import annotations

import base64
import contextlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iot_sql_lab import World, message

from lambda_nb.engine.iot.sql import EvaluationError, parse, to_payload
from lambda_nb.engine.iot.sql.protobuf.descriptors import DescriptorError, message_type
from lambda_nb.engine.iot.sql.protobuf.messages import MessageError, to_object


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def put(number: int, content: int | bytes | str) -> bytes:
    """One field: a number of variable length, or bytes with their size."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def field(name: str, number: int, kind: int, type_name: str = "", repeated: bool = False) -> bytes:
    parts = put(1, name) + put(3, number) + put(4, 3 if repeated else 1) + put(5, kind)
    return put(2, parts + (put(6, type_name) if type_name else b""))


def message_descriptor(name: str, *parts: bytes) -> bytes:
    return put(4, put(1, name) + b"".join(parts))


DOUBLE, FLOAT, INT64, UINT64, INT32, FIXED64, FIXED32, BOOL, STRING = range(1, 10)
MESSAGE, BYTES, UINT32, ENUM, SFIXED32, SFIXED64, SINT32, SINT64 = range(11, 19)

TIMESTAMP = (
    put(1, "google/protobuf/timestamp.proto")
    + put(2, "google.protobuf")
    + (
        message_descriptor("Timestamp", field("seconds", 1, INT64), field("nanos", 2, INT32))
        + message_descriptor("Any", field("type_url", 1, STRING))
        + message_descriptor("Int64Value", field("value", 1, INT64))
    )
)
ENTRY = put(3, put(1, "TagsEntry") + field("key", 1, STRING) + field("value", 2, INT32)
            + put(7, put(7, 1)))  # fmt: skip
SENSORS = put(1, "folder/sensors.proto") + put(2, "home") + put(12, "proto3") + (
    put(5, put(1, "Kind") + put(2, put(1, "UNKNOWN") + put(2, 0))
        + put(2, put(1, "COLD") + put(2, 1)))
    + message_descriptor(
        "Reading",
        field("sensor_id", 1, STRING), field("reading", 2, DOUBLE), field("count", 3, INT64),
        field("levels", 4, SINT32, repeated=True), field("kind", 5, ENUM, ".home.Kind"),
        field("inner", 6, MESSAGE, ".home.Reading"), field("raw", 7, BYTES),
        field("tags", 8, MESSAGE, ".home.Reading.TagsEntry", repeated=True),
        field("at", 9, MESSAGE, ".google.protobuf.Timestamp"), field("ok", 10, BOOL),
        field("small", 11, FLOAT), field("fixed", 12, FIXED32), field("negative", 13, INT32),
        field("any", 14, MESSAGE, ".google.protobuf.Any"),
        field("wrapped", 15, MESSAGE, ".google.protobuf.Int64Value"),
        field("far", 16, SFIXED64), field("names", 17, STRING, repeated=True),
        ENTRY,
    )
)  # fmt: skip
PERSON = (
    put(1, "myproto.proto")
    + put(12, "proto3")
    + message_descriptor(
        "Person", field("name", 1, STRING), field("id", 2, INT32), field("email", 3, STRING)
    )
)
DESCRIPTOR = put(1, TIMESTAMP) + put(1, SENSORS) + put(1, PERSON)


def eight(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 1) + content


def four(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 5) + content


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", {}),
        (put(1, "s-1") + eight(2, struct.pack("<d", 21.5)), {"sensor_id": "s-1", "reading": 21.5}),
        (put(3, -5), {"count": "-5"}),
        (put(4, varint(1) + varint(2) + varint(4)), {"levels": [-1, 1, 2]}),
        (put(4, 1) + put(4, 2), {"levels": [-1, 1]}),
        (put(5, 1), {"kind": "COLD"}), (put(5, 7), {"kind": 7}),
        (put(6, put(1, "in") + put(6, b"")), {"inner": {"sensor_id": "in", "inner": {}}}),
        (put(7, b"\0\1"), {"raw": "AAE="}),
        (put(8, put(1, "a") + put(2, 5)) + put(8, put(1, "b")) + put(8, put(2, 1)),
         {"tags": {"a": 5, "b": 0, "": 1}}),
        (put(9, put(1, 1508484583) + put(2, 205_000_000)), {"at": "2017-10-20T07:29:43.205Z"}),
        (put(9, put(1, -1)), {"at": "1969-12-31T23:59:59Z"}),
        (put(10, 1), {"ok": True}), (put(13, -7), {"negative": -7}),
        (four(12, struct.pack("<I", 2**32 - 1)), {"fixed": 4294967295}),
        (eight(16, struct.pack("<q", -2)), {"far": "-2"}),
        (put(15, put(1, 8)), {"wrapped": "8"}), (put(15, b""), {"wrapped": "0"}),
        (put(17, "a") + put(17, "b"), {"names": ["a", "b"]}),
        (put(99, "later versions") + put(10, 1), {"ok": True}),
        (put(1, "first") + put(1, "last"), {"sensor_id": "last"}),
    ],
)  # fmt: skip
def test_messages(data: bytes, expected: Any) -> None:
    assert to_object(data, message_type(DESCRIPTOR, "sensors", "Reading")) == expected


def test_numbers_of_32_bits_have_few_digits() -> None:
    kind = message_type(DESCRIPTOR, "sensors.proto", "Reading")
    written = [0.1, 21.7, 1e10, 3.4028235e38, 1e-45]
    found = [to_object(four(11, struct.pack("<f", number)), kind)["small"] for number in written]
    assert [str(number) for number in found[:2]] == ["0.1", "21.7"]
    for number, original in zip(found, written, strict=True):
        assert struct.pack("<f", number) == struct.pack("<f", original)
    assert to_object(four(11, struct.pack("<f", float("inf"))), kind) == {"small": "Infinity"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x0a\x05ab", "ends too early"), (b"\x80", "does not end"), (b"\x00", "the number 0"),
        (put(1, b"\xff"), "codec can't decode"), (put(1, 5), "not supported|wire type"),
        (b"\x0b", "groups are not supported"), (b"\x0e", "no wire type 6"),
        (put(6, 5), "is no .home.Reading"), (put(14, b""), "google.protobuf.Any is not supported"),
    ],
)  # fmt: skip
def test_what_is_no_message(data: bytes, sentence: str) -> None:
    with pytest.raises(MessageError, match=sentence):
        to_object(data, message_type(DESCRIPTOR, "sensors", "Reading"))


def test_messages_within_messages_end() -> None:
    data = b""
    for _ in range(200):
        data = put(6, data)
    with pytest.raises(MessageError, match="more than 100 levels"):
        to_object(data, message_type(DESCRIPTOR, "sensors", "Reading"))


@pytest.mark.parametrize(
    ("descriptor", "file", "name", "sentence"),
    [
        (DESCRIPTOR, "other", "Person", "no other.proto, but"),
        (DESCRIPTOR, "myproto", "Nobody", "has no message Nobody"),
        (b"\xff\xff", "a", "b", "not a valid FileDescriptorSet"),
        (b"", "a", "b", "but no files"),
        (put(1, 5), "a", "b", "not a valid FileDescriptorSet"),
    ],
)
def test_what_is_no_descriptor(descriptor: bytes, file: str, name: str, sentence: str) -> None:
    with pytest.raises(DescriptorError, match=sentence):
        message_type(descriptor, file, name)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    with contextlib.suppress(MessageError):
        to_payload(to_object(data, message_type(DESCRIPTOR, "sensors", "Reading")))


@given(st.integers(0, len(DESCRIPTOR) - 1), st.integers(0, 255))
def test_a_broken_descriptor_is_refused_or_read(place: int, byte: int) -> None:
    broken = DESCRIPTOR[:place] + bytes([byte]) + DESCRIPTOR[place + 1 :]
    with contextlib.suppress(DescriptorError, MessageError):
        kind = message_type.__wrapped__(broken, "sensors", "Reading")
        to_object(put(1, "x") + put(8, put(1, "b")) + put(9, b"") + put(15, b""), kind)


@pytest.fixture
def world() -> World:
    made = World()
    made.objects["s3-bucket", "messageformat.desc"] = DESCRIPTOR
    return made


PERSON_BYTES = put(1, "Ann") + put(2, 7)


async def test_decode_of_the_payload_and_of_base64(world: World) -> None:
    """iot-sql-functions, "Decoding protobuf message payload"; binary-payloads."""
    call = "decode({}, 'proto', 's3-bucket', 'messageformat.desc', 'myproto', 'Person')"
    query = parse(f"SELECT VALUE {call.format('*')} FROM 'some/topic'")
    found = await query.evaluate(message(PERSON_BYTES), world)
    assert to_payload(found) == b'{"name":"Ann","id":7}'
    assert world.asked == [("object", "s3-bucket", "messageformat.desc")]
    inner = parse(f"SELECT {call.format('a.b')}.name AS n FROM 't'")
    encoded = base64.b64encode(PERSON_BYTES).decode()
    assert await inner.evaluate(message({"a": {"b": encoded}}), world) == {"n": "Ann"}
    assert await inner.evaluate(message({"a": {"b": "?"}}), world) == {}


async def test_decode_in_set(world: World) -> None:
    """iot-sql-set, "Avoiding duplicate function calls"."""
    world.objects["schema", "schema.desc"] = DESCRIPTOR
    query = parse(
        "SET @decoded_data = decode(encode(*, 'base64'), 'proto', 'schema', 'schema.desc',"
        " 'sensors.proto', 'Reading')\n"
        "SELECT @decoded_data.sensor_id, @decoded_data.reading FROM 'device/protobuf'\n"
        "WHERE @decoded_data.reading > 100"
    )
    data = put(1, "s-1") + eight(2, struct.pack("<d", 101.5))
    assert await query.evaluate(message(data), world) == {"sensor_id": "s-1", "reading": 101.5}
    assert len(world.asked) == 1


async def test_decode_fails_with_a_sentence(world: World) -> None:
    query = parse("SELECT VALUE decode(*, 'proto', 's3-bucket', 'messageformat.desc', 'x', 'Y')")
    with pytest.raises(EvaluationError, match=r"s3://s3-bucket/messageformat\.desc: it has no x"):
        await query.evaluate(message(b""), world)
    world.objects["s3-bucket", "messageformat.desc"] = bytes(32 * 1024 + 1)
    with pytest.raises(EvaluationError, match="larger than 32 KiB"):
        await query.evaluate(message(b""), world)
