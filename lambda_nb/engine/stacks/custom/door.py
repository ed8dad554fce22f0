"""Takes what is PUT to the addresses of :mod:`~lambda_nb.engine.stacks.custom.answers`."""

from __future__ import annotations

from lambda_nb.engine.api.faults import neighbour_fault
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.custom.answers import MOST_BYTES, PATH, Answers


class AnswerDoor:
    """Takes answers without a signature: who knows the address may answer.

    Parameters
    ----------
    answers
        The addresses.
    """

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request is to such an address."""
        return request.path.startswith(PATH)

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Take an answer.

        Raises
        ------
        AWSError
            It is no PUT, is too long, or nobody waits at that address.
        """
        if request.method != "PUT":
            text = f"{request.method} is not allowed here: the answer is sent by PUT."
            raise AWSError("MethodNotAllowed", text, 405)
        body = await request.body(MOST_BYTES, _too_long)
        if not self._answers.put(request.path.removeprefix(PATH), body):
            text = "Request has expired: no stack of this engine waits for an answer here."
            raise AWSError("AccessDenied", text, 403)
        await Reply(200, b"", [(b"x-amz-request-id", request_id.encode())], None).send(send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error: S3's form, for on AWS it is S3."""
        return neighbour_fault(error, "s3", request, request_id)


def _too_long(size: int) -> AWSError:
    text = f"Your proposed upload has {size} bytes; an answer may have {MOST_BYTES}."
    return AWSError("EntityTooLarge", text)
