"""CloudFront's resource types, as moto's CloudFormation knows types: one class each.

A class makes calls of CloudFront's API at the engine, as any client does, so that whoever watches
these calls there sees those of stacks as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from lambda_nb.engine.neighbours.services.cloudfront.stacks.handlers import Handler, Made
from lambda_nb.engine.neighbours.services.state_machines import Door
from lambda_nb.engine.neighbours.storage.pickle_reducers import named

_Answer = TypeVar("_Answer")
_GONE = ("NoSuch", "EntityNotFound")
_types: dict[str, Any] = {}


def install(handlers: Mapping[str, Handler], door: Door) -> None:
    """Let stacks have the types, by the ends of their names (``Distribution``)."""
    client = cache(
        lambda: door.client(service_name="cloudfront", region_name="us-east-1")  # slow to make
    )
    for name, handler in handlers.items():
        type_name = f"AWS::CloudFront::{name}"
        _types[type_name] = _type(type_name, handler, client)


def _refusing(call: Callable[[], _Answer]) -> _Answer:
    """What a call returns; CloudFormation's error with CloudFront's words if it is refused."""
    from botocore.exceptions import ClientError
    from moto.cloudformation.exceptions import ValidationError

    try:
        return call()
    except ClientError as refused:
        raise ValidationError(message=str(refused)) from refused


def _delete(handler: Handler, client: Any, reference: str) -> None:
    """Delete one, if it is still there: what it belonged to may have been deleted before it."""
    from botocore.exceptions import ClientError

    try:
        handler.delete(client, reference)
    except ClientError as refused:
        if not refused.response["Error"]["Code"].startswith(_GONE):
            raise


@named
def _cloudfront_resource(type_name: str) -> Any:
    """An empty resource of a type, for what is read from a stack's pickle."""
    kind = _types[type_name]
    return kind.__new__(kind)


def _type(type_name: str, handler: Handler, client: Callable[[], Any]) -> Any:
    """A class of a type: moto finds it among the subclasses of its model."""
    from moto.core.common_models import CloudFormationModel

    base: Any = CloudFormationModel

    class Resource(base):  # type: ignore[misc]
        """A resource of a stack."""

        def __init__(self, made: Made) -> None:
            self.physical_resource_id = made.reference
            self.attributes = made.attributes

        def __reduce__(self) -> tuple[Any, ...]:
            """In a pickle the type's name stands for the class, which is made anew each time."""
            return _cloudfront_resource, (type_name,), self.__dict__

        @staticmethod
        def cloudformation_name_type() -> str:
            """No property is a name that CloudFormation would choose."""
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            """The type's name."""
            return type_name

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            """Whether ``Fn::GetAtt`` may ask: the resource itself knows."""
            return bool(attr)

        def get_cfn_attribute(self, attribute_name: str) -> str:
            """What ``Fn::GetAtt`` returns."""
            from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

            if attribute_name not in self.attributes:
                raise UnformattedGetAttTemplateException
            return str(self.attributes[attribute_name])

        def is_created(self) -> bool:
            """It is, at once."""
            return True

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: Any, *_: Any, **__: Any
        ) -> Any:
            """Make one."""
            properties = cloudformation_json["Properties"]
            return cls(_refusing(lambda: handler.make(client(), properties)))

        @classmethod
        def update_from_cloudformation_json(
            cls, original_resource: Any, cloudformation_json: Any, **_: Any
        ) -> Any:
            """Let one be as the template says."""
            reference = original_resource.physical_resource_id
            properties = cloudformation_json["Properties"]
            return cls(_refusing(lambda: handler.change(client(), reference, properties)))

        @classmethod
        def delete_from_cloudformation_json(cls, resource_name: str, *_: Any, **__: Any) -> None:
            """Delete one."""
            _refusing(lambda: _delete(handler, client(), resource_name))

    return Resource
