"""``AWS::EC2::*``: networks, and volumes."""

from lambda_nb.engine.stacks.types.network.ec2 import (
    interfaces,
    routing,
    security_groups,
    volumes,
    vpcs,
)

TYPES = (
    *vpcs.TYPES,
    *routing.TYPES,
    *security_groups.TYPES,
    *interfaces.TYPES,
    *volumes.TYPES,
)
