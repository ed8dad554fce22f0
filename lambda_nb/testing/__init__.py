"""The pytest plugin: a real engine for the tests of a project that runs on AWS.

Speaks to the engine by boto3 and its pages, as any other client does.
"""
