"""Codes as custom senders get them: encrypted in the message format of the AWS Encryption SDK.

Format and algorithm: AWS Encryption SDK Developer Guide, "Message format reference", version 1 with
suite 0x0178 (AES-256-GCM, HKDF-SHA256, no signature). The data key comes from the pool's KMS key.
So a function decrypts the code with the SDK and ``kms:Decrypt``, as on AWS.
"""

from __future__ import annotations

import base64
import os
import struct
from typing import Any

_SUITE = 0x0178
_FRAME = 4096
_FINAL_FRAME = 0xFFFFFFFF
_IV_BYTES = 12
_FINAL_TEXT = b"AWSKMSEncryptionClient Final Frame"


def encrypted(code: str, key_arn: str, pool: Any) -> str:
    """A code as base64 text that only the key's holders can read.

    Parameters
    ----------
    key_arn
        ``KMSKeyID`` of the pool's ``LambdaConfig``.
    pool
        The user pool; its id is part of the encryption context.

    Raises
    ------
    JsonRESTError
        The key does not exist.
    """
    context = {"userpool-id": pool.id}
    arn, plain_key, wrapped_key = _data_key(key_arn, pool, context)
    return base64.b64encode(_message(code.encode(), plain_key, arn, wrapped_key, context)).decode()


def _data_key(key_arn: str, pool: Any, context: dict[str, str]) -> tuple[str, bytes, bytes]:
    """A new data key: the master key's ARN, the data key, and the data key encrypted by it."""
    from moto.kms.models import kms_backends

    parts = key_arn.split(":")
    region = parts[3] if len(parts) > 5 else pool.region
    backend: Any = kms_backends[pool.account_id][region]
    plain, wrapped, arn = backend.generate_data_key(
        key_id=key_arn,
        encryption_context=context,
        number_of_bytes=32,
        key_spec=None,
    )
    return arn, plain, wrapped


def _message(
    plain: bytes, data_key: bytes, key_arn: str, wrapped_key: bytes, context: dict[str, str]
) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    identifier = os.urandom(16)
    info = struct.pack(">H", _SUITE) + identifier
    key = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(data_key))
    pairs = b"".join(
        _sized(name.encode()) + _sized(value.encode()) for name, value in sorted(context.items())
    )
    aad = struct.pack(">H", len(context)) + pairs
    header = (
        b"\x01\x80"
        + struct.pack(">H", _SUITE)
        + identifier
        + _sized(aad)
        + struct.pack(">H", 1)  # one encrypted data key
        + _sized(b"aws-kms")
        + _sized(key_arn.encode())
        + _sized(wrapped_key)
        + b"\x02"  # framed
        + bytes(4)
        + bytes([_IV_BYTES])
        + struct.pack(">I", _FRAME)
    )
    header_iv = bytes(_IV_BYTES)
    tag = key.encrypt(header_iv, b"", header)
    frame_iv = (1).to_bytes(_IV_BYTES, "big")
    frame_aad = identifier + _FINAL_TEXT + struct.pack(">IQ", 1, len(plain))
    sealed = key.encrypt(frame_iv, plain, frame_aad)
    body = struct.pack(">II", _FINAL_FRAME, 1) + frame_iv + struct.pack(">I", len(plain)) + sealed
    return header + header_iv + tag + body


def _sized(content: bytes) -> bytes:
    return struct.pack(">H", len(content)) + content
