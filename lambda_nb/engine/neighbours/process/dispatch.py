"""Passes requests to moto and returns its responses, without Flask in between.

For each request Flask makes contexts, sends signals and runs hooks. moto uses none of them, and
they take up to a quarter of a short call's time. What moto needs of Flask is done here with the
same parts of werkzeug: find the view, and make a response from what it returns.
"""

from __future__ import annotations

from contextlib import nullcontext
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError
from flask import Flask
from moto.core.request import Request
from moto.core.utils import convert_to_flask_response
from moto.moto_api import recorder
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Response


class Application(DomainDispatcherApplication):
    """moto's services as one WSGI application."""

    def __init__(self) -> None:
        super().__init__(self._create)
        self.lock: Any = nullcontext()  # only making an app needs one
        self._creating = Lock()
        self._ways: dict[Flask, MapAdapter] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        app = self.get_application(environ)
        request = _Request(environ)
        view = self._view(app, request)
        if view is None:
            return app(environ, start_response)
        try:
            return _answer(view, request)(environ, start_response)
        finally:
            request.close()

    def _create(self, service: Any) -> Flask:
        with self._creating:
            return self.app_instances.get(service) or create_backend_app(service)

    def _view(self, app: Flask, request: Request) -> convert_to_flask_response | None:
        """The view that answers a request; none if Flask answers, as when no path matches."""
        if app not in self._ways:
            self._ways[app] = app.url_map.bind("localhost")
        try:
            endpoint, _ = self._ways[app].match(request.path, request.method)
        except HTTPException:
            return None
        view = app.view_functions[endpoint]
        return view if isinstance(view, convert_to_flask_response) else None


class _Request(Request):
    from_wsgi_server = True

    @property
    def want_form_data_parsed(self) -> bool:
        """Only a POST may be a form: an object that is PUT with that type stays as it is."""
        return self.method == "POST" and super().want_form_data_parsed


class _Response(Response):
    default_mimetype = "text/html"


def _answer(view: convert_to_flask_response, request: Request) -> Any:
    recorder._record_request(request)
    try:
        answer = view.callback(request, request.raw_url, dict(request.headers))
    except ClientError as error:
        answer = 400, {}, error.response["Error"]["Message"]
    except HTTPException as error:
        return error
    status, headers, content = answer if len(answer) == 3 else (200, {}, answer)
    response = _Response(content, status, headers)
    if request.method == "HEAD" and "content-length" in headers:
        response.headers["Content-Length"] = headers["content-length"]
    return response
