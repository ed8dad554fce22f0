"""AWS's models of services, as botocore ships them: every operation and every shape."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape


@cache
def loader() -> Loader:
    """What reads botocore's files: one for all, as it keeps what it has read."""
    return Loader()


@cache
def model(service: str = "lambda") -> ServiceModel:
    """The newest model of a service (by botocore's name) in the botocore that is installed."""
    description = loader().load_service_model(service, "service-2")
    return ServiceModel(description, service)


def session(keys: tuple[str, str], region: str | None = None) -> Any:
    """A boto3 session that reads no file of botocore's that another one has read.

    Parameters
    ----------
    keys
        Access key and secret.
    region
        The Region of clients for which none is named.
    """
    # Imported late: it takes a quarter of a second, and not every engine needs it.
    import boto3
    from botocore.session import Session

    core = Session()
    core.register_component("data_loader", loader())
    return boto3.Session(*keys, region_name=region, botocore_session=core)


def operations(service: str = "lambda") -> Iterator[OperationModel]:
    """All operations of a model."""
    found = model(service)
    for name in found.operation_names:
        yield found.operation_model(name)


@cache
def operation(name: str, service: str = "lambda") -> OperationModel:
    """One operation, by AWS's name for it."""
    return model(service).operation_model(name)


@cache
def error(code: str) -> StructureShape | None:
    """The shape of an error; ``None`` for those, like ``ValidationException``, not in the model."""
    shape = next((shape for shape in model().error_shapes if shape.name == code), None)
    return shape if isinstance(shape, StructureShape) else None
