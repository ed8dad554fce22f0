"""Which capabilities the caller must acknowledge before a template's stack is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lambda_nb.engine.stacks.templates.structure.declarations import Declaration

IAM, NAMED_IAM, AUTO_EXPAND = "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"
_NAMES: dict[str, str | None] = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}
"""Types of IAM (API Reference, CreateStack, Capabilities), and the property of a custom name."""


def required_capabilities(
    declared: Iterable[Declaration], transforms: Sequence[str]
) -> tuple[list[str], str]:
    """The capabilities and AWS's reason for them; none and ``""`` if none is required."""
    declared = list(declared)
    touching = [each for each in declared if each.type in _NAMES]
    named = any(_NAMES[each.type] in each.properties for each in touching)
    capabilities, causes = [], list(dict.fromkeys(each.type for each in touching))
    if touching:
        capabilities.append(NAMED_IAM if named else IAM)
    if transforms:
        capabilities.append(AUTO_EXPAND)
        causes += transforms
    if not capabilities:
        return [], ""
    return capabilities, f"The following resource(s) require capabilities: [{', '.join(causes)}]"
