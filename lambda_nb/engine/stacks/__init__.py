"""CloudFormation: templates become resources, each made by calls of AWS's APIs at the engine."""
