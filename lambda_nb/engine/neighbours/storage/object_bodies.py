"""Bodies of S3 objects in separate files: written once, however often the rest is saved."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lambda_nb.engine.neighbours.storage import private_files


def objects(backend: Any) -> Iterator[Any]:
    """The objects of all buckets, with their versions and the parts of unfinished uploads."""
    for bucket in list(backend.buckets.values()):
        for _, versions in list(bucket.keys.lists()):
            for key in list(versions):
                yield key
                if getattr(key, "multipart", None) is not None:
                    yield from list(key.multipart.parts.values())
        for upload in list(bucket.multiparts.values()):
            yield from list(upload.parts.values())


def write(backend: Any, directory: Path) -> None:
    """Write the bodies that have no file yet."""
    for key in objects(backend):
        if "_value_buffer" in key.__dict__ and key.__dict__.get("_body") is None:
            try:
                content = key.value
            except ValueError:  # its buffer is closed: the object was removed
                continue
            body = uuid.uuid4().hex
            private_files.write(directory / body, content)
            key._body = body


def keep_apart(directory: Path) -> None:
    """Let an object's pickle name the file of its body, once there is one."""
    from moto.s3.models import FakeKey

    key_class: Any = FakeKey
    value = key_class.value

    def set_value(self: Any, new: bytes) -> None:
        self._body = None
        value.fset(self, new)

    def getstate(self: Any) -> dict[str, Any]:
        state = dict(self.__dict__)
        del state["_value_buffer"], state["lock"]
        if state.get("_body") is None:
            try:
                state["value"] = self.value
            except ValueError:  # its buffer is closed: the object was removed
                state["value"] = b""
        return state

    original = key_class.__setstate__

    def setstate(self: Any, state: dict[str, Any]) -> None:
        body = state.get("_body")
        if body is None:
            original(self, state)
        else:
            original(self, {**state, "value": (directory / body).read_bytes()})
            self._body = body

    key_class.value = property(value.fget, set_value)
    key_class.__getstate__ = getstate
    key_class.__setstate__ = setstate


def drop(directory: Path) -> None:
    """Remove the bodies of objects that no longer exist."""
    from moto.s3.models import s3_backends

    used = {
        key.__dict__.get("_body")
        for _, _, backend in list(s3_backends.iter_backends())
        for key in objects(backend)
    }
    for path in directory.iterdir():
        if path.name not in used:
            path.unlink(missing_ok=True)


def claim(backend: Any) -> None:
    """Tell moto who owns the restored buckets: it looks that up in a separate table."""
    from moto.s3.models import s3_backends

    for name in backend.buckets:
        s3_backends.bucket_accounts[name] = (backend.partition, backend.account_id)
