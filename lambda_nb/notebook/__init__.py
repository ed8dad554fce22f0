"""What a person touches: magics, the function handle, displays. Speaks to Lambda through boto3 only.

Loaded by ``%load_ext lambda_nb``.
"""
