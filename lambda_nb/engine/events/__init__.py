"""Brings events to functions.

``asynchronous``
    The durable queue behind ``InvocationType=Event``: retries, ``destinations``, dead letters
    (``outcome_records`` are the records they get).
``pushed``
    Events from S3, SNS, EventBridge, CloudWatch Logs and others, put into the asynchronous queue.
``polled``
    Event source mappings: ``pollers`` runs a poller for each enabled one. ``sqs`` reads queues;
    ``shards`` reads Kinesis and DynamoDB streams (``stream`` has their differences,
    ``checkpoints`` the read positions, ``stream_failures`` the reports of records given up).

Pollers make signed calls (``aws_calls``) to an AWS-compatible endpoint and do not use moto.
"""
