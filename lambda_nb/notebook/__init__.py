"""What a person touches: magics, the function handle, displays. Speaks boto3 only.

Loaded by ``%load_ext lambda_nb``.
"""
