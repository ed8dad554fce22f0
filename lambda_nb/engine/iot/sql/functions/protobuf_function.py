"""``decode(value, "proto", ...)``: a message of Protocol Buffers as an object."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql.errors import EvaluationError
from lambda_nb.engine.iot.sql.functions.function import Function
from lambda_nb.engine.iot.sql.protobuf.descriptors import DescriptorError, message_type
from lambda_nb.engine.iot.sql.protobuf.messages import MessageError, to_object
from lambda_nb.engine.iot.sql.values import UNDEFINED

if TYPE_CHECKING:
    from lambda_nb.engine.iot.sql.scope import Scope

LARGEST_DESCRIPTOR: Final = 32 * 1024
"""Bytes of a FileDescriptorSet in S3 at most (binary-payloads, "Limitations")."""


def decode_protobuf(scope: Scope, *values: Any) -> Any:
    """Decode by the descriptor that S3 has: (value, "proto", bucket, key, file, message type).

    Raises
    ------
    EvaluationError
        The descriptor cannot be read, has no such message, or the value is no such message.
    """
    value, _, *place = values
    if value is UNDEFINED or not all(isinstance(text, str) for text in place):
        return UNDEFINED
    bucket, key, file, name = place
    descriptor = scope.ask(lambda: scope.surroundings.stored_object(bucket, key))
    if len(descriptor) > LARGEST_DESCRIPTOR:
        raise EvaluationError(
            f"decode: the FileDescriptorSet s3://{bucket}/{key} is larger than 32 KiB."
        )
    try:
        data = value if isinstance(value, bytes) else base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return None
    try:
        return to_object(data, message_type(bytes(descriptor), file, name))
    except DescriptorError as error:
        raise EvaluationError(f"decode: s3://{bucket}/{key}: {error}") from None
    except MessageError as error:
        raise EvaluationError(f"decode: the value is no {name} of {file}.proto: {error}") from None


DECODE_PROTOBUF: Final = Function(
    decode_protobuf, 6, 6, newer=True, of_message=True, outside=True, raw=True, at_most=2
)
