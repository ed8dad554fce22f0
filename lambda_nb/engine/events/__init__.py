"""What brings events to functions.

``asynchronous``
    The durable queue behind ``InvocationType=Event``: retries, ``destinations``, dead letters
    (``outcomes`` are the records they get).
``pushes``
    What S3, SNS, EventBridge, CloudWatch Logs and others push; it joins the asynchronous queue.
``sources``
    Event source mappings at work: a poller for each that is enabled. ``sqs`` reads queues;
    ``shards`` reads Kinesis and DynamoDB streams (``stream`` is what the two differ in,
    ``checkpoints`` how far they were read, ``streamfailures`` what is told of records given up).

Pollers make signed calls (``calls``) to an AWS-compatible endpoint and know nothing of moto.
"""
