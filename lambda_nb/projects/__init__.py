"""Projects on the client side: build a template's code, deploy its stacks, watch its files.

It speaks boto3 only, so the same command works against an engine and against AWS.
"""
