"""``AWS::CloudFront::*`` in stacks of CloudFormation."""
