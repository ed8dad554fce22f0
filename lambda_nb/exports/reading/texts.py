"""Texts with references in the place of names, and parameters in the place of secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from lambda_nb.exports.picture import Kind, Parameter, Part, Place, Ref, Text
from lambda_nb.exports.reading.identifiers import pascal
from lambda_nb.exports.reading.resources import Resources

_ARN = re.compile(r"arn:aws[\w-]*:[a-z0-9-]+:[a-z0-9-]*:\d*:[^\s\"',]+")
_SECRET_NAME = re.compile(
    r"secret|passw(or)?d|passphrase|token|api_?key|private_?key|credential|access_?key", re.I
)
_SECRET_VALUE = re.compile(
    r"-----BEGIN|^AKIA[0-9A-Z]{16}$|^gh[pousr]_\w{20,}|^sk-[\w-]{16,}|^xox[abps]-|://[^/\s:@]+:[^/\s@]+@"
)
_KIND_OF_NAME: dict[str, Kind] = {
    "QUEUE": "queue",
    "TABLE": "table",
    "STREAM": "stream",
    "BUCKET": "bucket",
    "TOPIC": "topic",
    "BUS": "bus",
}
_REGION = re.compile(r"(?<=\.)[a-z]+(-[a-z]+)+-\d+(?=\.)")
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Texts:
    """Makes texts of an application.

    Parameters
    ----------
    resources
        Finds what names mean.
    functions
        The ids of the functions, by name.
    account, region
        Of the endpoint; they do not stay in any text.
    """

    def __init__(
        self, resources: Resources, functions: Mapping[str, str], account: str, region: str
    ) -> None:
        self._resources = resources
        self._functions = functions
        self._account = account
        self.region = region
        self.parameters: dict[str, str] = {}

    def of_arn(self, arn: str) -> Text:
        """An ARN, by reference where it is of the application."""
        return Text(tuple(self._arn(arn)))

    def arn(self, service: str, rest: str, region: str) -> str:
        """An ARN in the endpoint's account."""
        return f"arn:aws:{service}:{region}:{self._account}:{rest}"

    def environment(self, function: str, variables: Mapping[str, str]) -> dict[str, Text]:
        """The variables of a function."""
        return {name: self._variable(function, name, value) for name, value in variables.items()}

    def _variable(self, function: str, name: str, value: str) -> Text:
        secret = _SECRET_NAME.search(name) or _SECRET_VALUE.search(value)
        if secret and value and not value.startswith("arn:"):
            return self.parameter(name, f"{name} of {function}: a secret")
        kind = next((kind for word, kind in _KIND_OF_NAME.items() if word in name.upper()), None)
        resource = None
        if kind is not None and re.fullmatch(r"[\w.-]+", value):
            resource = self._resources.named(kind, value)
        for known, one in self._resources.names():
            resource = one if resource is None and known == value else resource
        if resource is not None:
            return Text.of(Ref(resource.id, "name"))
        if value in self._functions:
            return Text.of(Ref(self._functions[value], "name"))
        parts = urlsplit(value) if "://" in value else None
        elsewhere = _REGION.search(str(parts.hostname)) if parts is not None else None
        if elsewhere is not None and elsewhere[0] != self.region:
            return self._with_arns(value)
        if parts is not None and re.fullmatch(rf"/{self._account}/[\w.-]+", parts.path):
            queue = self._resources.by_url(value)
            if queue is not None:
                return Text.of(Ref(queue.id, "url"))
        if parts is not None and parts.hostname in _LOCAL:
            return self.parameter(name, f"{name} of {function}: it was {value} here")
        return self._with_arns(value)

    def parameter(self, name: str, description: str) -> Text:
        """A parameter; the description's third word tells it from others of its name."""
        made = pascal(name.lower())
        if self.parameters.setdefault(made, description) != description:
            made = pascal(f"{description.split()[2].rstrip(':')}-{name.lower()}")
            self.parameters[made] = description
        return Text.of(Parameter(made))

    def _with_arns(self, value: str) -> Text:
        parts: list[Part] = []
        end = 0
        for match in _ARN.finditer(value):
            parts += [value[end : match.start()], *self._arn(match[0])]
            end = match.end()
        return Text(tuple(part for part in [*parts, value[end:]] if part != ""))

    def _arn(self, arn: str) -> list[Part]:
        words = arn.split(":")
        if len(words) < 6:
            return [arn]
        # One of another Region may have the name of one that is here.
        is_here = words[3] in ("", self.region) and words[4] in ("", self._account)
        if is_here and words[2] == "lambda" and words[5] == "function":
            if words[6] in self._functions:
                rest = "".join(f":{word}" for word in words[7:])
                return [Ref(self._functions[words[6]], "arn"), *([rest] if rest else [])]
        elif is_here:
            found = self._reference(arn)
            if found is not None:
                return found
        given: list[Part] = [
            "arn:",
            Place("partition"),
            f":{words[2]}:",
            Place("region") if words[3] == self.region else words[3],
            ":",
            Place("account") if words[4] == self._account else words[4],
            ":" + ":".join(words[5:]),
        ]
        return _joined(given)

    def _reference(self, arn: str) -> list[Part] | None:
        resource = self._resources.by_arn(arn)
        if resource is None:
            return None
        rest = _rest_of(arn)
        if "/stream/" in arn and resource.kind == "table":
            return [Ref(resource.id, "stream_arn")]
        return [Ref(resource.id, "arn"), *([rest] if rest else [])]


def _rest_of(arn: str) -> str:
    """What stands behind the resource in an ARN: a bucket's key, a table's index."""
    words = arn.split(":", 5)
    rest = words[5]
    if words[2] == "s3":
        return rest[len(rest.partition("/")[0]) :]
    # The ARN of a log group is the one with :* at its end, as CloudFormation has it.
    pieces = rest.split("/", 2)
    return f"/{pieces[2]}" if len(pieces) == 3 and words[2] == "dynamodb" else ""


def _joined(parts: list[Part]) -> list[Part]:
    made: list[Part] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return made
