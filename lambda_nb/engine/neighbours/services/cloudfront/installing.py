"""Puts CloudFront together, when the process of the services starts."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.engine.neighbours.services.cloudfront import (
    functions,
    keys,
    origin_access,
    policies,
    realtime_logs,
    shapes,
    tags,
)
from lambda_nb.engine.neighbours.services.cloudfront.distributions import (
    deployments,
    invalidations,
)
from lambda_nb.engine.neighbours.services.cloudfront.distributions.operations import (
    Distributions,
)
from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontError,
    Store,
    error,
)
from lambda_nb.engine.neighbours.services.cloudfront.key_value_stores import data
from lambda_nb.engine.neighbours.services.cloudfront.key_value_stores.stores import Stores
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Operation, operations
from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.neighbours.services.late_patches import when_loaded

_KINDS = (
    policies.CACHE,
    policies.ORIGIN_REQUEST,
    policies.RESPONSE_HEADERS,
    origin_access.CONTROL,
    origin_access.IDENTITY,
    keys.KEY,
    keys.GROUP,
    keys.ENCRYPTION,
    keys.ENCRYPTION_PROFILE,
    deployments.POLICY,
)
_VALUES = "cloudfront-keyvaluestore"


def install(address: str, door: Door) -> None:
    """Change moto's CloudFront.

    Parameters
    ----------
    address
        The engine's URL.
    door
        Makes clients of the engine.
    """
    distributions = Distributions(urlsplit(address).port)
    when_loaded("moto.backend_index", _find_values)
    when_loaded("moto.cloudfront.urls", lambda: _patch(distributions, door))


def _find_values() -> None:
    """Let calls about keys and values, a service that moto does not have, come to CloudFront."""
    from moto import backend_index

    pattern = re.compile(rf"https?://{_VALUES}\.(.+)\.amazonaws\.com")
    index: Any = backend_index.backend_url_patterns
    index.append(("cloudfront", pattern))


def _patch(distributions: Distributions, door: Door) -> None:
    from moto.cloudfront import urls
    from moto.cloudfront.models import CloudFrontBackend

    turn = threading.Lock()
    answered = {
        **distributions.operations(),
        **{name: done for kind in _KINDS for name, done in operations(kind).items()},
        **invalidations.OPERATIONS,
        **functions.OPERATIONS,
        **realtime_logs.OPERATIONS,
        **Stores(door).operations(),
        **tags.OPERATIONS,
    }
    module: Any = urls
    module.url_paths = {
        "{0}/2020-05-31/(?P<rest>.+)$": _api("cloudfront", answered, turn).dispatch,
        "{0}/key-value-stores/(?P<rest>.+)$": _api(_VALUES, data.OPERATIONS, turn).dispatch,
    }
    backend_class: Any = CloudFrontBackend
    backend_class.iter_tagged_resources = _tagged


def _tagged(self: Any) -> Iterator[Any]:
    """What the API of resource groups lists."""
    from moto.core.resource_tagging import TaggedResource

    for arn, kind in tags.taggable(Store(self)):
        yield TaggedResource(
            arn=arn, tags=self.tagger.get_tag_dict_for_resource(arn), resource_type=kind
        )


def _api(service: str, answered: Mapping[str, Operation], turn: threading.Lock) -> Any:
    """A class of moto's that answers the calls of a service."""
    from moto.cloudfront.models import cloudfront_backends
    from moto.core.responses import ActionResult, BaseResponse

    base: Any = BaseResponse

    class Api(base):  # type: ignore[misc]
        """Answers calls, by the service model."""

        def __init__(self) -> None:
            super().__init__(service_name=service)

        def call_action(self) -> Any:
            """Answer one call: no two at a time, since they read what others change."""
            name = self._get_action()
            if name is None:
                return 404, self.response_headers, ""
            try:
                operation = answered.get(name)
                if operation is None:
                    raise error(
                        "UnsupportedOperation",
                        f"lambda_nb does not implement the operation {name} of {service}.",
                    )
                self.parse_parameters(self.normalized_request)
                parameters = shapes.checked(name, dict(self.params), service)
                with turn:
                    store = Store(cloudfront_backends[self.current_account]["aws"])
                    told = operation(store, parameters)
            except CloudFrontError as refused:
                return self.serialized(ActionResult(refused))
            return self._written(name, told)

        def _written(self, name: str, told: dict[str, Any]) -> Any:
            if name == "GetFunction":  # the serializer would call code XML
                content_type = told["ContentType"]
                headers = {"Content-Type": content_type, "ETag": told["ETag"]}
                return 200, {**self.response_headers, **headers}, told["FunctionCode"]
            return self.serialized(ActionResult(told))

    return Api
