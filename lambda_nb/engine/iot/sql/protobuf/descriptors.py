"""Reads a ``FileDescriptorSet``, as ``protoc --descriptor_set_out`` writes it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Final

from lambda_nb.engine.iot.sql.protobuf.wire import WireError, fields

# Numbers of descriptor.proto: FieldDescriptorProto.Type and Label.
DOUBLE, FLOAT, INT64, UINT64, INT32, FIXED64, FIXED32, BOOL, STRING = range(1, 10)
GROUP, MESSAGE, BYTES, UINT32, ENUM, SFIXED32, SFIXED64, SINT32, SINT64 = range(10, 19)
_REPEATED: Final = 3


class DescriptorError(ValueError):
    """A descriptor that cannot be used; its text says why."""


@dataclass
class Field:
    """One field of a message."""

    name: str = ""
    number: int = 0
    type: int = 0
    type_name: str = ""
    is_repeated: bool = False


@dataclass
class MessageType:
    """One type of message: its fields by number, and all types it may refer to."""

    name: str
    fields: dict[int, Field] = field(default_factory=dict)
    is_map_entry: bool = False
    messages: dict[str, MessageType] = field(default_factory=dict, repr=False)
    enums: dict[str, dict[int, str]] = field(default_factory=dict, repr=False)


@functools.lru_cache(maxsize=64)
def message_type(descriptor: bytes, file: str, name: str) -> MessageType:
    """Find a message's type.

    Parameters
    ----------
    descriptor
        The ``FileDescriptorSet``.
    file
        The name of the ``.proto`` file; its extension and folders may be left out.
    name
        The message's name, with or without its package.

    Raises
    ------
    DescriptorError
        It is no descriptor, or has no such file or message.
    """
    try:
        return _found(_Set(descriptor), file, name)
    except (WireError, UnicodeDecodeError, TypeError, AttributeError) as error:
        raise DescriptorError(f"it is not a valid FileDescriptorSet: {error}") from None


def _found(known: _Set, file: str, name: str) -> MessageType:
    wanted = file.removesuffix(".proto")
    for path, package in known.files:  # noqa: B007 - read after the loop
        if wanted in (stem := path.removesuffix(".proto"), stem.rpartition("/")[2]):
            break
    else:
        there = ", ".join(path for path, _ in known.files) or "no files"
        raise DescriptorError(f"it has no {wanted}.proto, but {there}")
    for full in (f".{package}.{name}" if package else f".{name}", f".{name}"):
        if full in known.messages:
            return known.messages[full]
    raise DescriptorError(f"{wanted}.proto has no message {name}")


class _Set:
    """All files, messages and enumerations of a ``FileDescriptorSet``."""

    def __init__(self, descriptor: bytes) -> None:
        self.files: list[tuple[str, str]] = []
        self.messages: dict[str, MessageType] = {}
        self.enums: dict[str, dict[int, str]] = {}
        for number, _, content in fields(descriptor):
            if number == 1:
                self._file(_bytes(content))

    def _file(self, data: bytes) -> None:
        parts = _parts(data)
        package = _text(parts, 2)
        self.files.append((_text(parts, 1), package))
        prefix = f".{package}" if package else ""
        for enum in parts.get(5, ()):
            self._enum(_bytes(enum), prefix)
        for message in parts.get(4, ()):
            self._message(_bytes(message), prefix)

    def _enum(self, data: bytes, prefix: str) -> None:
        parts = _parts(data)
        values: dict[int, str] = {}
        for value in parts.get(2, ()):
            inner = _parts(_bytes(value))
            values.setdefault(_int(inner, 2), _text(inner, 1))
        self.enums[f"{prefix}.{_text(parts, 1)}"] = values

    def _message(self, data: bytes, prefix: str) -> None:
        parts = _parts(data)
        full = f"{prefix}.{_text(parts, 1)}"
        found = MessageType(full, {}, messages=self.messages, enums=self.enums)
        self.messages[full] = found
        for one in parts.get(2, ()):
            made = _field(_parts(_bytes(one)))
            found.fields[made.number] = made
        for options in parts.get(7, ()):
            found.is_map_entry = bool(_int(_parts(_bytes(options)), 7))
        for enum in parts.get(4, ()):
            self._enum(_bytes(enum), full)
        for nested in parts.get(3, ()):
            self._message(_bytes(nested), full)


def _field(parts: dict[int, list[Any]]) -> Field:
    return Field(
        name=_text(parts, 1),
        number=_int(parts, 3),
        type=_int(parts, 5),
        type_name=_text(parts, 6),
        is_repeated=_int(parts, 4) == _REPEATED,
    )


def _parts(data: bytes) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for number, _, content in fields(data):
        found.setdefault(number, []).append(content)
    return found


def _bytes(content: Any) -> bytes:
    if not isinstance(content, bytes):
        raise WireError("a number stands where a message should")
    return content


def _text(parts: dict[int, list[Any]], number: int) -> str:
    return _bytes(parts[number][-1]).decode() if number in parts else ""


def _int(parts: dict[int, list[Any]], number: int) -> int:
    value = parts[number][-1] if number in parts else 0
    if not isinstance(value, int):
        raise WireError("a message stands where a number should")
    return value
