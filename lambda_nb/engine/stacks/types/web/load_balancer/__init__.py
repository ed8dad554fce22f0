"""``AWS::ElasticLoadBalancingV2::*``: load balancers."""

from lambda_nb.engine.stacks.types.web.load_balancer import (
    listeners,
    load_balancers,
    target_groups,
)

TYPES = (*load_balancers.TYPES, *target_groups.TYPES, *listeners.TYPES)
