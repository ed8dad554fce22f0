"""``AWS::Route53::*``: zones and records."""

from lambda_nb.engine.stacks.types.web.dns import records, zones

TYPES = (*zones.TYPES, *records.TYPES)
