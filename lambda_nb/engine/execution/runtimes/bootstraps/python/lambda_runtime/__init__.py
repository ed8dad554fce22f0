"""The Python runtime of an execution environment; behaves as AWS's ``awslambdaric`` does.

Runs inside the function's process on the standard library alone, on Python 3.8 and newer.
"""
