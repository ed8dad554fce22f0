"""Where a function's code comes from: the request itself, S3, or an image reference."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.control.code.code_store import Code
from lambda_nb.engine.control.code.mounted import BUCKET, MountedCode
from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.layers.layer_use import UsedLayer
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.engine.model import FetchFailed
from lambda_nb.rules import quotas


@dataclass(frozen=True, slots=True)
class ZipCode:
    """Code in the code store."""

    code: Code

    def record(self) -> Record:
        """The stored form."""
        return dict(self.code._asdict())

    def shown(self) -> Record:
        """Its members in a FunctionConfiguration."""
        return {"CodeSize": self.code.size, "CodeSha256": self.code.sha256}


@dataclass(frozen=True, slots=True)
class ImageCode:
    """An image reference. Without a digest in it, its text is hashed instead."""

    uri: str

    def record(self) -> Record:
        """The stored form."""
        repository = self.uri.partition("@")[0].rpartition(":")[0] or self.uri
        return {"image": self.uri, "resolved": f"{repository}@sha256:{self._digest()}"}

    def shown(self) -> Record:
        """Its members in a FunctionConfiguration."""
        return {"CodeSize": 0, "CodeSha256": self._digest()}

    def _digest(self) -> str:
        given = self.uri.partition("@sha256:")[2]
        return given or hashlib.sha256(self.uri.encode()).hexdigest()


class Sources:
    """Turns the ``Code`` of a request into stored code."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def code(
        self, given: dict[str, Any], package: str, layers: Sequence[UsedLayer] = ()
    ) -> ZipCode | ImageCode | MountedCode:
        """Fetch, check and store code; with layers it must stay below 250 MB unpacked."""
        if package == "Image":
            return ImageCode(given["ImageUri"])
        if given.get("S3Bucket") == BUCKET and given.get("ZipFile") is None:
            return self._context.mounts.code(given["S3Key"])
        code = await self.archive(given)
        total = code.unzipped + sum(layer.unzipped for layer in layers)
        limit = quotas.UNZIPPED_BYTES.value
        if total >= limit:
            raise invalid_parameter(
                "Function code combined with layers exceeds the maximum allowed size of "
                f"{limit} bytes. The actual size is {total} bytes."
            )
        return ZipCode(code)

    async def archive(self, given: dict[str, Any]) -> Code:
        """Fetch, check and store a zip archive from ``ZipFile`` or ``S3Bucket`` and ``S3Key``."""
        data = given.get("ZipFile")
        if data is None and given.get("S3Bucket") == BUCKET:
            raise invalid_parameter(
                f"S3Bucket {BUCKET} mounts the code of functions, not the content of layers."
            )
        if data is not None:
            self._context.code.check_size(len(data))
        else:
            data = await self._fetch(given)
        return await self._context.code.add(data)

    async def _fetch(self, given: dict[str, Any]) -> bytes:
        try:
            return await self._context.fetch(
                given["S3Bucket"], given["S3Key"], given.get("S3ObjectVersion")
            )
        except FetchFailed as error:
            raise invalid_parameter(
                f"Error occurred while GetObject. S3 Error Code: {error.code}. "
                f"S3 Error Message: {error.message}"
            ) from error


async def vpc_of(context: Context, given: dict[str, Any] | None) -> Record:
    """The ``VpcConfig`` of a request, with its VPC id added; empty if there is none.

    Raises
    ------
    AWSError
        ``InvalidParameterValueException`` with EC2's message if EC2 does not find a resource.
    """
    if given is None:
        return {}
    subnets = list(given.get("SubnetIds") or [])
    groups = list(given.get("SecurityGroupIds") or [])
    vpc = ""
    if context.probe is not None:
        try:
            vpc = await context.probe.vpc(subnets, groups)
        except FetchFailed as error:
            call = "SecurityGroups" if "Group" in error.code else "Subnets"
            raise invalid_parameter(
                f"Error occurred while Describe{call}. EC2 Error Code: {error.code}. "
                f"EC2 Error Message: {error.message}"
            ) from error
    return {
        "VpcConfig": {
            "SubnetIds": subnets,
            "SecurityGroupIds": groups,
            "VpcId": vpc,
            "Ipv6AllowedForDualStack": bool(given.get("Ipv6AllowedForDualStack")),
        }
    }
