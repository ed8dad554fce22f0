"""One keep-alive connection to the Runtime API, over a plain blocking socket.

A posted response also asks for the next event (``Lambda-Nb-Next``, the engine's addition), and the
reply is that event: one request and one reply for each invocation. The header's value is the
process's peak of resident memory, in KB.
"""

from __future__ import annotations

import os
import resource
import socket

PREFIX = "/2018-06-01/runtime"


class RuntimeClient:
    """Speaks HTTP/1.1 to ``address`` (``host:port``). Ends the process when its peer is gone."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.address = address
        # Not create_connection: in case it must encode a name, it loads the whole idna codec. That
        # is a fifth of a cold start.
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(None)
        self.buffer = bytearray()
        self.next_request = self._request("GET", "/invocation/next")
        self.asked = False

    def next(self) -> tuple[dict[str, str], bytes]:
        """Wait for an event: its headers (names in lower case) and its body."""
        asked, self.asked = self.asked, False
        if asked:
            status, headers, body = self._response()
            if status == 200:
                return headers, body
            # The response was refused, so the next event has not been asked for.
        self.socket.sendall(self.next_request)
        return self._response()[1:]

    def respond(self, request_id: str, invocation_id: str, body: bytes, content_type: str) -> None:
        """Post a response; :meth:`next` returns the event that follows."""
        path = f"/invocation/{request_id}/response"
        head = self._request("POST", path, len(body), content_type, "", invocation_id)
        self._post_then_ask(head, body)

    def fail(self, request_id: str, invocation_id: str, body: bytes, error_type: str) -> None:
        """Post an error; :meth:`next` returns the event that follows."""
        path = f"/invocation/{request_id}/error"
        head = self._request("POST", path, len(body), "application/json", error_type, invocation_id)
        self._post_then_ask(head, body)

    def post(self, path: str, body: bytes, error_type: str = "") -> int:
        """Post and wait for the reply; returns its status."""
        head = self._request("POST", path, len(body), "application/json", error_type)
        self.socket.sendall(head + body)
        return self._response()[0]

    def get(self, path: str) -> int:
        """Get and wait for the reply, however long it takes; returns its status."""
        self.send(path)
        return self._response()[0]

    def send(self, path: str) -> None:
        """Send a GET and do not read the reply."""
        self.socket.sendall(self._request("GET", path))

    def _post_then_ask(self, head: bytes, body: bytes) -> None:
        if len(body) < 65536:
            self.socket.sendall(head + body)
        else:
            self.socket.sendall(head)
            self.socket.sendall(body)
        self.asked = True

    def _request(
        self,
        method: str,
        path: str,
        length: int = -1,
        content_type: str = "",
        error_type: str = "",
        invocation_id: str = "",
    ) -> bytes:
        lines = [f"{method} {PREFIX}{path} HTTP/1.1", f"Host: {self.address}"]
        if length >= 0:
            lines += [f"Content-Length: {length}", f"Content-Type: {content_type}"]
        if error_type:
            lines.append(f"Lambda-Runtime-Function-Error-Type: {error_type}")
        if invocation_id:
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            lines.append(f"Lambda-Runtime-Invocation-Id: {invocation_id}")
            lines.append(f"Lambda-Nb-Next: {peak}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")

    def _response(self) -> tuple[int, dict[str, str], bytes]:
        buffer = self.buffer
        end = buffer.find(b"\r\n\r\n")
        while end < 0:
            self._receive(65536)
            end = buffer.find(b"\r\n\r\n")
        status_line, *lines = bytes(buffer[:end]).decode("utf-8").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        start = end + 4
        length = int(headers.get("content-length", 0))
        while len(buffer) < start + length:
            self._receive(max(65536, start + length - len(buffer)))
        body = bytes(buffer[start : start + length])
        del buffer[: start + length]
        return int(status_line.split(" ", 2)[1]), headers, body

    def _receive(self, size: int) -> None:
        try:
            part = self.socket.recv(min(size, 1 << 20))
        except ConnectionError:
            part = b""
        if not part:
            os._exit(1)
        self.buffer += part
