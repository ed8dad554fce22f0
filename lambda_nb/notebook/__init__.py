"""The user's side in a notebook: magics, the function handle, displays. Uses boto3 only.

``%load_ext lambda_nb`` loads it.
"""
