"""AWS's models of services, as botocore ships them: every operation and every shape."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape


@cache
def model(service: str = "lambda") -> ServiceModel:
    """The newest model of a service (by botocore's name) in the botocore that is installed."""
    description = Loader().load_service_model(service, "service-2")
    return ServiceModel(description, service)


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
