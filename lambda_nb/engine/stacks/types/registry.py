"""Finds the class of a resource type: each family of types is imported when it is first needed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache

from lambda_nb.engine.stacks.types.resource_type import ResourceType

_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "functions": ("Lambda",),
    "identity": ("CertificateManager", "CodeDeploy", "IAM", "KMS", "SSM", "SecretsManager"),
    "identity.cognito": ("Cognito",),
    "identity.step_functions": ("StepFunctions",),
    "web.cloudfront": ("CloudFront",),
    "web.dns": ("Route53",),
    "web.http_api": ("ApiGatewayV2",),
    "web.load_balancer": ("ElasticLoadBalancingV2",),
    "web.rest_api": ("ApiGateway",),
    "network": ("EFS",),
    "network.ec2": ("EC2",),
    "messaging": ("Events", "Pipes", "SES", "SNS", "SQS", "Scheduler"),
    "devices": ("IoT",),
    "databases": ("RDS",),
    "data": ("DynamoDB", "ECR", "Kinesis", "KinesisFirehose", "S3"),
    "monitoring": (
        "ApplicationAutoScaling",
        "ApplicationInsights",
        "CloudWatch",
        "Logs",
        "ResourceGroups",
    ),
}
"""Folders beside this module, and the services (``AWS::SERVICE::...``) whose types they have."""

_FAMILY_OF = {service: family for family, services in _FAMILIES.items() for service in services}


def find(type_name: str) -> ResourceType | None:
    """The class for a type, or ``None`` if there is none in this folder.

    Types with a life of their own (``AWS::CloudFormation::*``, ``Custom::*``) are not here.

    Examples
    --------
    >>> find("AWS::SQS::Queue").name
    'AWS::SQS::Queue'
    >>> find("AWS::Nobody::Knows")
    """
    service = type_name.split("::")[1] if type_name.count("::") == 2 else ""
    family = _FAMILY_OF.get(service)
    return None if family is None else _types_of(family).get(type_name)


def supported() -> Iterable[str]:
    """The names of all types that have a class, in order."""
    return sorted(name for family in _FAMILIES for name in _types_of(family))


@cache
def _types_of(family: str) -> Mapping[str, ResourceType]:
    package = importlib.import_module(f"{__package__}.{family}")
    found: dict[str, ResourceType] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg:  # a family of its own, which may not be needed
            continue
        members = importlib.import_module(f"{package.__name__}.{module.name}")
        for one in getattr(members, "TYPES", ()):
            found[one.name] = one
    return found
