"""Resource types of Cognito."""

from lambda_nb.engine.stacks.types.identity.cognito import (
    identity_pools,
    user_pool_clients,
    user_pool_members,
    user_pool_settings,
    user_pools,
)
from lambda_nb.engine.stacks.types.resource_type import ResourceType

TYPES: tuple[ResourceType, ...] = (
    *user_pools.TYPES,
    *user_pool_clients.TYPES,
    *user_pool_settings.TYPES,
    *user_pool_members.TYPES,
    *identity_pools.TYPES,
)
