"""Resource types of Step Functions."""

from lambda_nb.engine.stacks.types.identity.step_functions import (
    activities,
    state_machines,
    versions,
)
from lambda_nb.engine.stacks.types.resource_type import ResourceType

TYPES: tuple[ResourceType, ...] = (*state_machines.TYPES, *versions.TYPES, *activities.TYPES)
