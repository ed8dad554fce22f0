"""How the neighbours' process answers requests: connections stay open, answers go out whole.

werkzeug's own handler closes each connection, since it does not know where a body ends that the
application has not read. Most bodies are small: those are read first.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from io import BytesIO

from werkzeug.datastructures import Headers
from werkzeug.exceptions import InternalServerError
from werkzeug.serving import WSGIRequestHandler
from werkzeug.test import run_wsgi_app

SMALL = 1 << 20
"""Bytes of a body that is read before it is looked at."""


class Handler(WSGIRequestHandler):
    """Answers the requests of one connection, until its peer closes it.

    After a request whose body is large, or of unknown length, werkzeug closes it.
    """

    protocol_version = "HTTP/1.1"

    def run_wsgi(self) -> None:
        """Answer one request."""
        length = self._length()
        if length is None:
            super().run_wsgi()
            return
        environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(self.rfile.read(length))
        try:
            answer = run_wsgi_app(self.server.app, environ, buffered=True)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            answer = run_wsgi_app(InternalServerError(), environ, buffered=True)
        self._send(*answer)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Do not: only what goes wrong is of interest."""

    def _length(self) -> int | None:
        """Bytes of the body, if it is small."""
        headers = self.headers
        if "Expect" in headers or "Transfer-Encoding" in headers:
            return None
        told = headers.get("Content-Length") or "0"
        return int(told) if told.isdecimal() and int(told) <= SMALL else None

    def _send(self, parts: Iterable[bytes], status: str, headers: Headers) -> None:
        if self.command != "HEAD" and "Content-Length" not in headers:
            parts = [b"".join(parts)]
            if status[:3] not in ("204", "304"):
                headers["Content-Length"] = str(len(parts[0]))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        data = f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1")
        for part in parts:
            self.wfile.write(data + part)
            data = b""
        if data:
            self.wfile.write(data)
