"""What roles, users and groups have in common: inline policies and attached managed policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.values import text_of


@dataclass(frozen=True, slots=True)
class Holder:
    """Who can hold policies.

    Attributes
    ----------
    kind
        ``role``, ``user`` or ``group``, as in the operations' names.
    """

    kind: str

    @property
    def key(self) -> str:
        """The parameter that names one: ``RoleName``."""
        return f"{self.kind.capitalize()}Name"

    @property
    def listed(self) -> str:
        """The property of a policy that lists names: ``Roles``."""
        return f"{self.kind.capitalize()}s"

    def put(self, iam: Any, name: str, policy: str, document: Any) -> None:
        """Give one an inline policy, or replace it."""
        call = getattr(iam, f"put_{self.kind}_policy")
        call(**{self.key: name}, PolicyName=policy, PolicyDocument=text_of(document))

    def has(self, iam: Any, name: str, policy: str) -> bool:
        """Whether one has an inline policy of a name."""
        call = getattr(iam, f"get_{self.kind}_policy")
        return not is_absent(lambda: call(**{self.key: name}, PolicyName=policy))

    def remove(self, iam: Any, name: str, policy: str) -> None:
        """Take an inline policy away; one that is not there is no error."""
        with absence_is_fine():
            call = getattr(iam, f"delete_{self.kind}_policy")
            call(**{self.key: name}, PolicyName=policy)

    def attach(self, iam: Any, name: str, arn: str) -> None:
        """Attach a managed policy."""
        getattr(iam, f"attach_{self.kind}_policy")(**{self.key: name}, PolicyArn=arn)

    def detach(self, iam: Any, name: str, arn: str) -> None:
        """Detach a managed policy; one that is not attached is no error."""
        with absence_is_fine():
            getattr(iam, f"detach_{self.kind}_policy")(**{self.key: name}, PolicyArn=arn)

    def bound(self, iam: Any, name: str, arn: str | None) -> None:
        """Set or remove the permissions boundary."""
        if arn:
            call = getattr(iam, f"put_{self.kind}_permissions_boundary")
            call(**{self.key: name}, PermissionsBoundary=arn)
        else:
            getattr(iam, f"delete_{self.kind}_permissions_boundary")(**{self.key: name})

    def bring(self, iam: Any, name: str, old: Properties, new: Properties) -> None:
        """Change one's policies from the old properties to the new."""
        before, after = _inline(old), _inline(new)
        for policy, document in after.items():
            if policy not in before or before[policy] != document:
                self.put(iam, name, policy, document)
        for policy in before.keys() - after.keys():
            self.remove(iam, name, policy)
        attached, wanted = _managed(old), _managed(new)
        for arn in wanted:
            if arn not in attached:
                self.attach(iam, name, arn)
        for arn in attached:
            if arn not in wanted:
                self.detach(iam, name, arn)


ROLE, USER, GROUP = Holder("role"), Holder("user"), Holder("group")
HOLDERS = (ROLE, USER, GROUP)


def holders(properties: Properties) -> list[tuple[Holder, str]]:
    """Everybody whom a policy's ``Roles``, ``Users`` and ``Groups`` name."""
    return [
        (holder, str(name)) for holder in HOLDERS for name in properties.get(holder.listed) or ()
    ]


def _inline(properties: Properties) -> Mapping[str, Any]:
    return {
        str(policy["PolicyName"]): policy["PolicyDocument"]
        for policy in properties.get("Policies") or ()
    }


def _managed(properties: Properties) -> list[str]:
    return [str(arn) for arn in properties.get("ManagedPolicyArns") or ()]
