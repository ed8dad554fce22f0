"""Documents of the Device Shadow service: what an update makes of a shadow, and what is said of it.

AWS IoT Developer Guide, device-shadow-document and device-shadow-data-flow, 2026; quotas: AWS
General Reference, iot-core, 2026.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.rules.iot.shadow_requests import SECTIONS, Request, ShadowError

LARGEST_STATE = 8192
"""Bytes of ``desired`` and ``reported`` together, as compact JSON (iot-core quotas, 2026)."""

VERSION_KEPT_S = 48 * 3600
"""Seconds for which a deleted shadow's version is remembered (device-shadow-data-flow, 2026)."""

_WITHOUT_TIMESTAMP = (404, 409)


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow as it is kept.

    Attributes
    ----------
    state : mapping
        Has ``desired`` and ``reported``, each an object that is not empty, or is without it.
    metadata : mapping
        The same tree, with ``{"timestamp": seconds}`` in the place of each value.
    version : int
        How often it was updated.
    """

    state: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0


def update(shadow: Shadow, request: Request, now_s: int) -> Shadow:
    """The shadow after an update.

    Parameters
    ----------
    shadow
        The shadow before. For one that is not there: an empty one, with the version of a deleted
        one if that is still remembered.
    request
        The update.
    now_s
        Seconds since 1970, for the metadata.

    Raises
    ------
    ShadowError
        409 if the request names another version, 413 if the shadow would be too large.
    """
    if request.version is not None and request.version != shadow.version:
        raise ShadowError(409, "Version conflict", request.client_token)
    if request.state is None:
        return Shadow(version=shadow.version + 1)
    state, metadata = dict(shadow.state), dict(shadow.metadata)
    for section, patch in request.state.items():
        merged = None if patch is None else _merged(state.get(section, {}), patch)
        if merged:
            marks = _merged_marks(metadata.get(section), patch, merged, now_s)
            state[section], metadata[section] = merged, marks
        else:
            state.pop(section, None)
            metadata.pop(section, None)
    if sum(_size(part) for part in state.values()) > LARGEST_STATE:
        raise ShadowError(413, "The payload exceeds the maximum size allowed", request.client_token)
    ordered = {section: state[section] for section in SECTIONS if section in state}
    marked = {section: metadata[section] for section in SECTIONS if section in metadata}
    return Shadow(ordered, marked, shadow.version + 1)


def delta(shadow: Shadow) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What is desired and not reported, and its metadata; ``None`` if there is no difference."""
    desired = shadow.state.get("desired")
    if not desired:
        return None
    difference = _difference(shadow.state.get("reported", {}), desired)
    if difference is None:
        return None
    return difference, _marks_of(difference, shadow.metadata["desired"])


def accepted(request: Request, version: int, now_s: int) -> dict[str, Any]:
    """What ``/update/accepted`` says, and UpdateThingShadow answers."""
    return _with_token(
        {
            "state": request.state,
            "metadata": _marks(request.state, now_s),
            "version": version,
            "timestamp": now_s,
        },
        request.client_token,
    )


def delta_message(shadow: Shadow, now_s: int, client_token: str | None) -> dict[str, Any] | None:
    """What ``/update/delta`` says; ``None`` if it says nothing."""
    found = delta(shadow)
    if found is None:
        return None
    state, metadata = found
    said = {
        "version": shadow.version,
        "timestamp": now_s,
        "state": state,
        "metadata": metadata,
    }
    return _with_token(said, client_token)


def documents_message(
    previous: Shadow | None, current: Shadow, now_s: int, client_token: str | None
) -> dict[str, Any]:
    """What ``/update/documents`` says; ``previous`` is ``None`` for a new shadow."""
    said: dict[str, Any] = {} if previous is None else {"previous": _document(previous)}
    said |= {"current": _document(current), "timestamp": now_s}
    return _with_token(said, client_token)


def whole_document(shadow: Shadow, now_s: int, client_token: str | None = None) -> dict[str, Any]:
    """What ``/get/accepted`` says, and GetThingShadow answers: the delta is part of it."""
    state, metadata = dict(shadow.state), dict(shadow.metadata)
    found = delta(shadow)
    if found is not None:
        state["delta"], metadata["delta"] = found
    said = {
        "state": state,
        "metadata": metadata,
        "version": shadow.version,
        "timestamp": now_s,
    }
    return _with_token(said, client_token)


def deleted(version: int, now_s: int, client_token: str | None = None) -> dict[str, Any]:
    """What ``/delete/accepted`` says, and DeleteThingShadow answers."""
    return _with_token({"version": version, "timestamp": now_s}, client_token)


def rejected(error: ShadowError, now_s: int) -> dict[str, Any]:
    """What a ``/rejected`` topic says."""
    said: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.code not in _WITHOUT_TIMESTAMP:
        said["timestamp"] = now_s
    return _with_token(said, error.client_token)


def _merged(old: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """An object after a patch: ``null`` removes, objects merge, all else replaces."""
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            inner = _merged(merged.get(name), value)
            if inner or not value or isinstance(merged.get(name), dict):
                merged[name] = inner
            else:  # nothing but nulls, and nothing was there
                merged.pop(name, None)
        else:
            merged[name] = value
    return merged


def _merged_marks(
    old: Any, patch: Mapping[str, Any], merged: Mapping[str, Any], now_s: int
) -> dict[str, Any]:
    """The metadata of an object after a patch: marks of what the patch names are new."""
    marks: dict[str, Any] = {}
    for name, value in merged.items():
        before = old.get(name) if isinstance(old, dict) else None
        if name not in patch:
            marks[name] = before
        elif isinstance(value, dict):
            marks[name] = _merged_marks(before, patch[name], value, now_s)
        else:
            marks[name] = _marks(value, now_s)
    return marks


def _marks(value: Any, now_s: int) -> Any:
    """The metadata of a value, all of it new."""
    if isinstance(value, dict):
        return {name: _marks(item, now_s) for name, item in value.items()}
    if isinstance(value, list):
        return [_marks(item, now_s) for item in value]
    return {"timestamp": now_s}


def _difference(reported: Any, desired: Mapping[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for name, value in desired.items():
        if name not in reported:
            found[name] = value
            continue
        other = reported[name]
        if isinstance(value, dict) and isinstance(other, dict):
            inner = _difference(other, value)
            if inner is not None:
                found[name] = inner
        elif not _same(value, other):
            found[name] = value
    return found or None


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal: ``1`` and ``1.0`` are, ``1`` and ``true`` are not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return bool(one == other)


def _marks_of(part: Any, marks: Any) -> Any:
    """The metadata of a part of a state."""
    if not isinstance(part, dict):
        return marks
    return {name: _marks_of(value, marks[name]) for name, value in part.items()}


def _document(shadow: Shadow) -> dict[str, Any]:
    return {
        "state": dict(shadow.state),
        "metadata": dict(shadow.metadata),
        "version": shadow.version,
    }


def _size(value: Any) -> int:
    return len(
        json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    )


def _with_token(said: dict[str, Any], client_token: str | None) -> dict[str, Any]:
    if client_token is not None:
        said["clientToken"] = client_token
    return said
