"""Passes requests to moto and returns its responses, without Flask in between.

For each request Flask makes contexts, sends signals and runs hooks. moto uses none of them, and
they take up to a quarter of a short call's time. What moto needs of Flask is done here with the
same parts of werkzeug: find the view, and make a response from what it returns.
"""

from __future__ import annotations

import re
import sys
import traceback
from contextlib import nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError
from flask import Flask
from moto.core.request import Request
from moto.core.utils import convert_to_flask_response
from moto.moto_api import recorder
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Response

from lambda_nb.engine.neighbours.process import refusals

_NO_ACTION = re.compile(r"The (\w+) action has not been implemented")
"""What moto says of an operation that it does not have."""


_NOT_OBJECTS = ("s3-outposts", "s3-object-lambda")
"""Services whose names moto takes for one of S3."""


class Application(DomainDispatcherApplication):
    """moto's services as one WSGI application.

    Parameters
    ----------
    log
        Where the errors of services are described.
    """

    def __init__(self, log: Path) -> None:
        super().__init__(self._create)
        self.lock: Any = nullcontext()  # only making an app needs one
        self._log = log
        self._creating = Lock()
        self._ways: dict[Flask, MapAdapter] = {}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request."""
        try:
            response = self._answered(environ)
        except refusals.RefusedError as refused:
            response = refusals.answer(refused)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            service = refusals.signed_for(environ) or "called"
            response = refusals.answer(refusals.failed(service, error, self._log))
        return response(environ, start_response)

    def get_backend_for_host(self, host: str | None) -> Any:
        """moto's name of the service that a host stands for.

        Raises
        ------
        RefusedError
            moto does not have the service.
        """
        found = super().get_backend_for_host(host)
        if host is not None and (found is None or host.startswith(_NOT_OBJECTS)):
            raise refusals.no_service(host.partition(".")[0])
        return found

    def _answered(self, environ: dict[str, Any]) -> Any:
        app = self.get_application(environ)
        request = _Request(environ)
        service = refusals.signed_for(environ)
        try:
            view = self._view(app, request, service)
            return app if view is None else _answer(view, request, service)
        finally:
            request.close()

    def _create(self, service: Any) -> Flask:
        with self._creating:
            return self.app_instances.get(service) or create_backend_app(service)

    def _view(
        self, app: Flask, request: Request, service: str | None
    ) -> convert_to_flask_response | None:
        """The view that answers a request; none if Flask answers, as when it redirects."""
        if app not in self._ways:
            self._ways[app] = app.url_map.bind("localhost")
        try:
            endpoint, _ = self._ways[app].match(request.path, request.method)
        except NotFound:
            if service is not None:
                raise _no_path(service, request) from None
            return None
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


def _answer(view: convert_to_flask_response, request: Request, service: str | None) -> Any:
    recorder._record_request(request)
    try:
        answer = view.callback(request, request.raw_url, dict(request.headers))
    except ClientError as error:
        answer = 400, {}, error.response["Error"]["Message"]
    except HTTPException as error:
        return error
    except NotImplementedError as error:
        traceback.print_exc(file=sys.stderr)
        named = _NO_ACTION.fullmatch(str(error))
        what = f"the operation {named[1]}" if named else f"what is asked ({error})"
        raise refusals.no_operation(service or "called", what) from error
    status, headers, content = answer if len(answer) == 3 else (200, {}, answer)
    if status == 404 and content == "" and request.method != "HEAD" and service not in (None, "s3"):
        raise _no_path(service, request)
    response = _Response(content, status, headers)
    if request.method == "HEAD" and "content-length" in headers:
        response.headers["Content-Length"] = headers["content-length"]
    return response


def _no_path(service: str, request: Request) -> refusals.RefusedError:
    return refusals.no_operation(service, f"an operation {request.method} {request.path}")
