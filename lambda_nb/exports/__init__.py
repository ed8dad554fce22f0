"""Functions and what belongs to them as a project of files that deploys to AWS as it stands.

``reading`` asks an endpoint by boto3 and makes a picture of the application; ``sam``, ``cdk``,
``terraform`` and ``zips`` each write one as files.
"""
