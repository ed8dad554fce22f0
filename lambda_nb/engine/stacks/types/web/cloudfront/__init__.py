"""``AWS::CloudFront::*``: distributions and what they refer to."""

from lambda_nb.engine.stacks.types.web.cloudfront import configured, functions, observing

TYPES = (*configured.TYPES, *functions.TYPES, *observing.TYPES)
