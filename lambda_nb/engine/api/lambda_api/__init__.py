"""The Lambda API by botocore's service model: routing, parsing, serialising, invoke."""
