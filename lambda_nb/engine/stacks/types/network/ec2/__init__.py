"""``AWS::EC2::*``: networks."""

from lambda_nb.engine.stacks.types.network.ec2 import (
    interfaces,
    routing,
    security_groups,
    vpcs,
)

TYPES = (*vpcs.TYPES, *routing.TYPES, *security_groups.TYPES, *interfaces.TYPES)
