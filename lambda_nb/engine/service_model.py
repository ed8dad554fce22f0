"""AWS's model of the Lambda service, as botocore ships it: every operation and every shape."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, StructureShape


@cache
def model() -> ServiceModel:
    """The newest Lambda model of the botocore that is installed."""
    description = Loader().load_service_model("lambda", "service-2")
    return ServiceModel(description, "lambda")


def operations() -> Iterator[OperationModel]:
    """All operations of the model."""
    service = model()
    for name in service.operation_names:
        yield service.operation_model(name)


@cache
def operation(name: str) -> OperationModel:
    """One operation, by AWS's name for it."""
    return model().operation_model(name)


@cache
def error(code: str) -> StructureShape | None:
    """The shape of an error; ``None`` for those, like ``ValidationException``, not in the model."""
    shape = next((shape for shape in model().error_shapes if shape.name == code), None)
    return shape if isinstance(shape, StructureShape) else None
