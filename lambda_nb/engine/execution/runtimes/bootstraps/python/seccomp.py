"""A seccomp filter: after :func:`restrict`, calls that no function needs are refused (EPERM).

These calls reach into other processes, change mounts or namespaces, or administer the machine.
Threads and processes can still be started: ``clone3`` returns ENOSYS, so libc falls back to
``clone``, whose flags a filter can see.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NR_AT, _ARCH_AT, _ARG0_AT, _ARG5_AT = 0, 4, 16, 56
_NAMESPACE_FLAGS = 0x7E020000
_X32 = 0x40000000
_CLONE3 = 435

# mount and namespace calls since 5.2 have the same numbers everywhere:
# io_uring_setup, open_tree, move_mount, fsopen, fsmount, mount_setattr
_COMMON = (425, 428, 429, 430, 432, 442)

# In both first lists: ptrace, process_vm_readv, process_vm_writev, mount, umount2, pivot_root,
# chroot, setns, unshare, swapon, swapoff, reboot, init_module, delete_module, finit_module,
# kexec_load, kexec_file_load, bpf, perf_event_open, add_key, request_key, keyctl,
# open_by_handle_at, settimeofday, clock_settime, userfaultfd. The second lists are those of
# view_calls().
_MACHINES = {
    "x86_64": (
        0xC000003E,
        56,
        "101 310 311 165 166 155 161 308 272 167 168 169 175 176 313 246 320 321 298 248 249 250 "
        "304 164 227 323",
        "308 161 126",
    ),
    "aarch64": (
        0xC00000B7,
        220,
        "117 270 271 40 39 41 51 268 97 224 225 142 105 106 273 104 294 280 241 217 218 219 265 "
        "170 112 282",
        "268 51 91",
    ),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def restrict(secret: int = 0) -> None:
    """Install the filter; needs no_new_privs. Raises ``OSError`` where that is not possible.

    With a ``secret`` (64 bits), a call of :func:`view_calls` passes if its sixth argument is the
    secret; the kernel ignores that argument.
    """
    code = program(secret)
    shape = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(shape), 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


@functools.lru_cache(maxsize=1)
def program(secret: int) -> bytes:
    """The BPF program that :func:`restrict` installs. Raises ``OSError`` on other machines."""
    machine = platform.machine()
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"seccomp: no list of system calls for {machine}")
    architecture, clone, denied, view_calls = _MACHINES[machine]
    return _filter(architecture, clone, denied, view_calls if secret else "", secret)


def view_calls() -> tuple[int, int, int]:
    """The numbers of setns, chroot and capset: how a restored process gets a view of its own."""
    setns, chroot, capset = _MACHINES[platform.machine()][3].split()
    return int(setns), int(chroot), int(capset)


def _filter(architecture: int, clone: int, denied: str, gated: str, secret: int) -> bytes:
    """The BPF program. A test that does not match jumps over the result that follows it."""
    refuse = _step(_RETURN, 0, 0, _ERRNO | errno.EPERM)
    steps = [
        _step(_LOAD, 0, 0, _ARCH_AT),
        _step(_EQUAL, 1, 0, architecture),
        refuse,
        _step(_LOAD, 0, 0, _NR_AT),
        _step(_AT_LEAST, 0, 1, _X32),
        refuse,
        _step(_EQUAL, 0, 1, _CLONE3),
        _step(_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    for number in map(int, gated.split()):
        steps += [
            _step(_EQUAL, 0, 6, number),
            _step(_LOAD, 0, 0, _ARG5_AT),
            _step(_EQUAL, 0, 3, secret & 0xFFFFFFFF),
            _step(_LOAD, 0, 0, _ARG5_AT + 4),
            _step(_EQUAL, 0, 1, secret >> 32),
            _step(_RETURN, 0, 0, _ALLOW),
            refuse,
        ]
    for number in (*map(int, denied.split()), *_COMMON):
        steps += [_step(_EQUAL, 0, 1, number), refuse]
    steps += [
        _step(_EQUAL, 0, 3, clone),
        _step(_LOAD, 0, 0, _ARG0_AT),
        _step(_ANY_BIT, 0, 1, _NAMESPACE_FLAGS),
        refuse,
        _step(_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(steps)


def _step(code: int, when_true: int, when_false: int, value: int) -> bytes:
    return struct.pack("HBBI", code, when_true, when_false, value)
