"""``AWS::ApiGatewayV2::*``: HTTP and WebSocket APIs."""

from lambda_nb.engine.stacks.types.web.http_api import apis, domains, routes, stages

TYPES = (*apis.TYPES, *routes.TYPES, *stages.TYPES, *domains.TYPES)
