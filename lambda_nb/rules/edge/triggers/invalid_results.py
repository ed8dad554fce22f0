"""What is wrong with what a Lambda@Edge function returned."""

from __future__ import annotations


class InvalidResult(ValueError):  # noqa: N818
    """CloudFront refuses the result of a function; the viewer gets a 502.

    Parameters
    ----------
    sentence
        What CloudFront's page says, in its words where they are recorded: the issues
        CodeGenieApp/serverless-express 369, opennextjs/opennextjs-aws 393,
        aws-samples/cloudfront-authorization-at-edge 12, aws-amplify/amplify-cli 8604 and
        aws-samples/react-ssr-lambda 28 on GitHub.
    detail
        Which value is wrong, and what to do.
    """

    def __init__(self, sentence: str, detail: str) -> None:
        super().__init__(f"{sentence} {detail}")
        self.sentence = sentence
        self.detail = detail


_RESULT = "The Lambda function result failed validation: "
NOT_JSON = "The Lambda function returned invalid JSON: The JSON output is not parsable."
NOT_AN_OBJECT = "The Lambda function returned invalid JSON: The JSON output must be an object type."
READ_ONLY_HEADER = f"{_RESULT}The function tried to add, delete, or change a read-only header."
DISALLOWED_HEADER = f"{_RESULT}The function tried to add a blacklisted header."
HEADER_SHAPE = "The Lambda function returned an invalid entry in the headers object:"
HEADER_NOT_A_LIST = f"{HEADER_SHAPE} Each header entry in the headers object must be an array."
BODY = f"{_RESULT}The body is not a string, is not an object, or exceeds the maximum size."
ORIGIN = "The Lambda function returned an invalid origin configuration:"
STRUCTURE = "The Lambda function returned an invalid request or response:"
VALUE = f"{_RESULT}The function returned an invalid value."
READ_ONLY_FIELD = f"{_RESULT}The function tried to change a read-only field."
