"""``AWS::ApiGateway::*``: REST APIs."""

from lambda_nb.engine.stacks.types.web.rest_api import (
    account,
    apis,
    definition,
    deployments,
    domains,
    keys,
    methods,
    stages,
)

TYPES = (
    *apis.TYPES,
    *methods.TYPES,
    *definition.TYPES,
    *deployments.TYPES,
    *stages.TYPES,
    *keys.TYPES,
    *domains.TYPES,
    *account.TYPES,
)
