"""Landlock: after :func:`restrict`, a process can read and write only below given paths.

Raw system calls (their numbers are the same on every architecture). Also confines signals and
abstract sockets to the environment where the kernel can (Linux 6.12, ABI 6).
"""

from __future__ import annotations

import ctypes
import os

_LIBC = ctypes.CDLL(None, use_errno=True)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_SCOPE_ABSTRACT_SOCKET, _SCOPE_SIGNAL = 1, 2


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_fs", ctypes.c_uint64),
        ("handled_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def restrict(read: list[str], write: list[str]) -> None:
    """Allow reading and executing below ``read``, everything below ``write``; nothing else.

    Paths that do not exist are skipped. Raises ``OSError`` if there is no Landlock.
    """
    rules = ruleset(read, write)
    try:
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def ruleset(read: list[str], write: list[str]) -> int:
    """A descriptor of the rules that :func:`restrict` applies."""
    version = _call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    every = (1 << 13) - 1
    if version >= 2:
        every |= _REFER
    if version >= 3:
        every |= _TRUNCATE
    shape = _Ruleset(every, 0, 0)
    size = 8 if version < 4 else 16
    if version >= 6:
        shape.scoped, size = _SCOPE_ABSTRACT_SOCKET | _SCOPE_SIGNAL, 24
    rules = _call(_CREATE_RULESET, ctypes.byref(shape), ctypes.c_size_t(size), 0)
    for paths, rights in ((read, _READ), (write, every)):
        for path in paths:
            _allow(rules, path, rights)
    return rules


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        if not os.path.isdir(path):
            rights &= _FILE_RIGHTS
        rule = _PathBeneath(rights, parent)
        _call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)


def _call(number: int, *arguments: object) -> int:
    result: int = _LIBC.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"landlock: {os.strerror(error)}")
    return result
