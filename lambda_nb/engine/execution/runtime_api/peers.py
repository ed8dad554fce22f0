"""Finds who is at the other end of a loopback connection: the user, and the process.

Every process of the machine can reach the port of a Runtime API listener, but the listener serves
only the processes of its environment. The kernel tells the inode of the socket at the other end,
and ``/proc/PID/fd`` tells whether a process has that socket open.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

_SOCK_DIAG = 4  # NETLINK_SOCK_DIAG
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_REQUEST = 1  # NLM_F_REQUEST
_LISTEN = 10  # TCP_LISTEN
_HEADER = struct.Struct("=IHHII")
_QUESTION = struct.Struct("=BBBxI")
_ANSWER = struct.Struct("=BBxx48x12xII")
_NO_COOKIE = b"\xff" * 8

Address = tuple[str, int]


class Peer(NamedTuple):
    """The other end of a connection: its user and the inode of its socket."""

    uid: int
    inode: int


class PeersUnknownError(OSError):
    """This system does not tell who is at the other end of a connection."""


def peer(theirs: Address, ours: Address) -> Peer | None:
    """The other end of the IPv4 connection with these addresses.

    ``None`` when no process has that end open any more.

    Raises
    ------
    PeersUnknownError
        The system does not tell.
    """
    netlink = _netlink()
    found = _listed(theirs, ours) if netlink is None else _asked(netlink, theirs, ours)
    return found if found is not None and found.inode else None


@cache
def _netlink() -> socket.socket | None:
    """A socket for questions to the kernel; ``None`` if there is none."""
    try:
        asking = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG)
    except OSError:
        return None
    asking.settimeout(1.0)  # the kernel answers before sendto returns
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            at = listener.getsockname()
            with socket.create_connection(at) as known:
                if _asked(asking, known.getsockname(), at) is not None:
                    return asking
    except OSError:
        pass
    asking.close()
    return None


def _asked(netlink: socket.socket, theirs: Address, ours: Address) -> Peer | None:
    """Look one connection up in the kernel's table."""
    question = (
        _QUESTION.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0xFFFFFFFF)
        + struct.pack("!HH", theirs[1], ours[1])
        + socket.inet_aton(theirs[0]).ljust(16, b"\0")
        + socket.inet_aton(ours[0]).ljust(16, b"\0")
        + bytes(4)
        + _NO_COOKIE
    )
    size = _HEADER.size + len(question)
    netlink.sendto(_HEADER.pack(size, _BY_FAMILY, _REQUEST, 0, 0) + question, (0, 0))
    answer = netlink.recv(4096)
    if _HEADER.unpack_from(answer)[1] != _BY_FAMILY:
        return None
    _, state, uid, inode = _ANSWER.unpack_from(answer, _HEADER.size)
    return None if state == _LISTEN else Peer(uid, inode)


def _listed(theirs: Address, ours: Address) -> Peer | None:
    """Look one connection up in the list of all; the more there are, the longer it takes."""
    wanted = [_hexadecimal(theirs), _hexadecimal(ours)]
    try:
        with open("/proc/net/tcp") as listing:
            for line in listing:
                words = line.split()
                if words[1:3] == wanted:
                    return Peer(int(words[7]), int(words[9]))
    except OSError as error:
        raise PeersUnknownError(f"/proc/net/tcp: {error.strerror}") from error
    return None


def _hexadecimal(address: Address) -> str:
    (number,) = struct.unpack("=I", socket.inet_aton(address[0]))
    return f"{number:08X}:{address[1]:04X}"


def held_by(other: Peer, processes: Iterable[int]) -> bool:
    """Whether one of the processes has this end open.

    For a process whose open files we may not see, the answer is yes if its user is the same.
    """
    return any(_holds(pid, other) for pid in processes)


def _holds(pid: int, other: Peer) -> bool:
    folder, wanted = f"/proc/{pid}/fd", f"socket:[{other.inode}]"
    try:
        names = os.listdir(folder)
    except PermissionError:
        return _user(pid) == other.uid
    except OSError:
        return False
    for name in reversed(names):  # the newest come last
        try:
            if os.readlink(f"{folder}/{name}") == wanted:
                return True
        except OSError:  # closed meanwhile
            continue
    return False


def _user(pid: int) -> int | None:
    try:
        with open(f"/proc/{pid}/status") as status:
            return next(int(line.split()[2]) for line in status if line.startswith("Uid:"))
    except OSError:
        return None


def session(pid: int) -> int | None:
    """The session of a process; ``None`` when it is gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return None
