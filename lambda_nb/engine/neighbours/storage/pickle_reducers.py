"""Replaces objects that cannot be pickled in the pickle of a service's state."""

from __future__ import annotations

import copy
import copyreg
import importlib
import pickle
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from types import FunctionType
from typing import IO, Any, TypeVar

_Thing = TypeVar("_Thing")
_named: dict[str, Any] = {}


def named(thing: _Thing) -> _Thing:
    """Let pickles name a function or a class of ours; its name then must not change any more."""
    name: str = thing.__qualname__  # type: ignore[attr-defined]
    if name in _named:
        raise ValueError(f"two things are called {name} in the pickles of services")
    _named[name] = thing
    return thing


class Writer(pickle.Pickler):
    """Writes a pickle of a service's state that :class:`Reader` can read.

    Raises
    ------
    PicklingError
        The state has a function or a class of ours that is not :func:`named`.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=5)
        self.dispatch_table = table()

    def reducer_override(self, thing: Any) -> Any:
        """Check the names of ours that the pickle gets."""
        if (
            isinstance(thing, (type, FunctionType))
            and thing.__module__.startswith("lambda_nb.")
            and _named.get(thing.__qualname__) is not thing
        ):
            where = f"{thing.__module__}.{thing.__qualname__}"
            raise pickle.PicklingError(f"{where} has no lasting name: see named()")
        return NotImplemented


class Reader(pickle.Unpickler):
    """Reads the pickle of a service's state.

    It finds what is ours by name alone (see :func:`named`): files of ours move, and what an
    earlier version wrote must still be read.
    """

    def find_class(self, module: str, name: str) -> Any:
        """The function or class of a name in the pickle."""
        if module.split(".")[0] != "lambda_nb":
            return super().find_class(module, name)
        if name not in _named:
            raise pickle.UnpicklingError(f"{module}.{name} is not known here")
        return _named[name]


def table() -> dict[type, Any]:
    """Reducers by type, for a pickler's ``dispatch_table``."""
    from cryptography.hazmat.bindings._rust import openssl, x509
    from joserfc.jwk import RSAKey
    from moto.core.base_backend import BaseBackend

    reducers: dict[type, Any] = {
        **copyreg.dispatch_table,
        type(threading.Lock()): lambda _: (threading.Lock, ()),
        type(threading.RLock()): lambda _: (threading.RLock, ()),
        threading.Condition: lambda _: (threading.Condition, ()),
        RSAKey: lambda key: (_rsa_key, (key.as_dict(private=True),)),
        x509.Certificate: _reduce_certificate,
        defaultdict: _reduce_defaultdict,
    }
    if (iam := sys.modules.get("moto.iam.models")) is not None:
        reducers[iam.AWSManagedPolicy] = _reduce_managed_policy
    for kind in _descendants(defaultdict):
        reducers[kind] = _reduce_defaultdict
    for kind in _descendants(BaseBackend):
        reducers[kind] = _reduce_backend
    for family in (openssl.rsa, openssl.ec, openssl.ed25519):
        for name, kind in vars(family).items():
            if name.endswith("PrivateKey"):
                reducers[kind] = _reduce_private
            elif name.endswith("PublicKey"):
                reducers[kind] = _reduce_public
    return reducers


def backends(kind: str) -> Any:
    """The table of the backends of a class, such as ``moto.sqs.models.SQSBackend``.

    Raises
    ------
    ValueError, LookupError
        If it is not moto's, or this moto has no such class.
    """
    from moto.core.base_backend import BackendDict

    module, _, name = kind.rpartition(".")
    if not module.startswith("moto."):
        raise ValueError(f"{kind} is not moto's")
    holder = importlib.import_module(module)
    wanted = getattr(holder, name)
    for thing in vars(holder).values():
        if isinstance(thing, BackendDict) and thing.backend is wanted:
            return thing
    raise LookupError(f"moto has no backends of {kind}")


def _reduce_backend(backend: Any) -> Any:
    kind = type(backend)
    name = f"{kind.__module__}.{kind.__name__}"
    return _backend, (name, backend.account_id, backend.region_name)


@named
def _backend(kind: str, account: str, region: str) -> Any:
    return backends(kind)[account][region]


def _reduce_defaultdict(some: Any) -> Any:
    factory = some.default_factory
    if getattr(factory, "__name__", "") == "<lambda>":
        factory = _Fresh(factory())
    attributes = getattr(some, "__dict__", None)
    return _defaultdict, (type(some), factory), attributes, None, iter(some.items())


@named
def _defaultdict(kind: Any, factory: Any) -> Any:
    """Made without the class's ``__init__``, which may not take a factory."""
    made = kind.__new__(kind)
    made.default_factory = factory
    return made


@named
class _Fresh:
    """Returns copies of a value; replaces a lambda, which cannot be pickled."""

    def __init__(self, sample: Any) -> None:
        self._sample = sample

    def __call__(self) -> Any:
        return copy.deepcopy(self._sample)


def _reduce_managed_policy(policy: Any) -> Any:
    """moto ships these 4 MB itself: only the number of attachments is saved."""
    count = {"attachment_count": policy.attachment_count}
    return _managed_policy, (policy.account_id, policy.partition, policy.arn), count


@named
def _managed_policy(account: str, partition: str, arn: str) -> Any:
    return _backend("moto.iam.models.IAMBackend", account, partition).managed_policies[arn]


def _reduce_private(key: Any) -> Any:
    from cryptography.hazmat.primitives import serialization as form

    der = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    return _private, (der,)


@named
def _private(der: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(der, None)


def _reduce_public(key: Any) -> Any:
    from cryptography.hazmat.primitives import serialization as form

    kind = form.PublicFormat.SubjectPublicKeyInfo
    return _public, (key.public_bytes(form.Encoding.DER, kind),)


@named
def _public(der: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    return load_der_public_key(der)


def _reduce_certificate(certificate: Any) -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return _certificate, (certificate.public_bytes(Encoding.DER),)


@named
def _certificate(der: bytes) -> Any:
    from cryptography.x509 import load_der_x509_certificate

    return load_der_x509_certificate(der)


@named
def _rsa_key(values: dict[str, Any]) -> Any:
    from joserfc.jwk import RSAKey

    return RSAKey.import_key(values)


def _descendants(kind: type) -> Iterator[type]:
    one: type
    for one in kind.__subclasses__():
        yield one
        yield from _descendants(one)
