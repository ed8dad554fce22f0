"""The layers of a function: found when it is configured, kept while it uses them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.control.context import Context
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import AWSError, invalid_parameter
from lambda_nb.rules.settings import names


@dataclass(frozen=True, slots=True)
class UsedLayer:
    """One layer version in a function's list; its code stays even if the layer is deleted."""

    arn: str
    digest: str
    size: int
    unzipped: int

    def shown(self) -> Record:
        """As FunctionConfiguration shows it."""
        return {"Arn": self.arn, "CodeSize": self.size}

    def record(self) -> Record:
        """As it is stored with the function's version."""
        return {
            "arn": self.arn,
            "digest": self.digest,
            "size": self.size,
            "unzipped": self.unzipped,
        }


class LayerUse:
    """Resolves the ``Layers`` of a request."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def resolve(
        self, arns: Sequence[str], present: Sequence[dict[str, Any]] = ()
    ) -> list[UsedLayer]:
        """The named layers, in order; layers that the function already uses may be deleted.

        Raises
        ------
        AWSError
            ``InvalidParameterValueException`` for a version that does not exist,
            ``AccessDeniedException`` for a layer of another account for which none stands in.
        """
        known = {layer["arn"]: UsedLayer(**layer) for layer in present}
        return [known.get(arn) or self._find(arn) for arn in arns]

    def _find(self, arn: str) -> UsedLayer:
        layer = names.parse_layer(arn)
        if layer.version is not None and layer.version < 1:
            raise invalid_parameter("Layer Version Cannot be less than 1")
        if layer.account != self._context.account:
            record = self._stand_in(layer)
            if record is None:
                raise self._refused(arn, layer)
        else:
            record = self._context.store.get("layer_version", layer.name, str(layer.version))
        if record is None:
            raise invalid_parameter(f"Layer version {arn} does not exist.")
        code = record["code"]
        return UsedLayer(arn, code["digest"], code["size"], code["unzipped"])

    def _stand_in(self, layer: names.LayerName) -> Record | None:
        """This account's layer of the same name: that version, or else the newest."""
        there = self._context.store.children("layer_version", layer.name)
        newest = max(there.values(), key=lambda record: int(record["Version"]), default=None)
        return there.get(str(layer.version), newest)

    def _refused(self, arn: str, layer: names.LayerName) -> AWSError:
        return AWSError(
            "AccessDeniedException",
            f"User: arn:aws:iam::{self._context.account}:root is not authorized to perform: "
            f"lambda:GetLayerVersion on resource: {arn} because no resource-based policy "
            "allows the lambda:GetLayerVersion action. lambda_nb has no layers of other accounts: "
            f"publish the layer here as {layer.name} (publish-layer-version), and it stands in",
            403,
        )
