"""The neighbours' request handler: it keeps connections open and writes responses whole.

werkzeug's own handler closes each connection: if the application has not read a body, the handler
cannot know where it ends. Most bodies are small: those are read first. The engine's own calls come
without HTTP (:mod:`lambda_nb.engine.aws_calls.embedded`).
"""

from __future__ import annotations

import contextlib
import json
import sys
import traceback
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.datastructures import Headers
from werkzeug.exceptions import InternalServerError
from werkzeug.test import run_wsgi_app

from lambda_nb.engine.aws_calls import embedded

SMALL = 1 << 20
"""Largest body, in bytes, that is read before the application runs."""


class Handler(MotoRequestHandler):
    """Answers the requests of one connection, until its peer closes it.

    werkzeug closes it after a request whose body is large or of unknown length.
    """

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Answer requests; the first byte says whether they are HTTP or the engine's own calls."""
        rfile: Any = self.rfile
        with contextlib.suppress(ConnectionError):  # the caller has gone
            if rfile.peek(1)[:1] == embedded.OPENING:
                self._answer_calls()
            else:
                super().handle()

    def _answer_calls(self) -> None:
        self.rfile.read(len(embedded.OPENING))
        self.request_version = self.protocol_version
        while sizes := self.rfile.read(embedded.SIZES.size):
            told, length = embedded.SIZES.unpack(sizes)
            self.command, self.path, headers = json.loads(self.rfile.read(told))
            told_headers: Any = Headers(headers)
            self.headers = told_headers
            body = self.rfile.read(length)
            if len(body) < length:  # the caller has gone
                return
            content, status, answered = self._answer(body)
            head = (int(status[:3]), list(answered))
            self.wfile.write(embedded.packed(head, content) + content)

    def run_wsgi(self) -> None:
        """Answer one HTTP request."""
        length = self._length()
        if length is None:
            super().run_wsgi()
            return
        body = self.rfile.read(length)
        if len(body) < length:  # the caller has gone
            self.close_connection = True
            return
        self._send(*self._answer(body))

    def _answer(self, body: bytes) -> tuple[bytes, str, Headers]:
        environ = self.make_environ()
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        try:
            parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            parts, status, headers = run_wsgi_app(InternalServerError(), environ, buffered=True)
        answer = b"".join(parts)
        empty = self.command == "HEAD" or status[:3] in ("204", "304")
        if not empty and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(answer))
        return answer, status, headers

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: only errors are of interest."""

    def _length(self) -> int | None:
        """Bytes of the body, if it is small."""
        headers = self.headers
        if "Expect" in headers or "Transfer-Encoding" in headers:
            return None
        told = headers.get("Content-Length") or "0"
        return int(told) if told.isdecimal() and int(told) <= SMALL else None

    def _send(self, body: bytes, status: str, headers: Headers) -> None:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.wfile.write(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1") + body)
