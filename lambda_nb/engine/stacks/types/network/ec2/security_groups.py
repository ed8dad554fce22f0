"""``AWS::EC2::SecurityGroup``, and its rules as resources of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.network.ec2 import calls
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed

_GONE = ("InvalidGroup.NotFound", "InvalidGroupId.Malformed", "InvalidPermission.NotFound")
_ALL_OUT = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
"""The rule that every new group has, unless a template gives others."""


class SecurityGroup(ResourceType):
    """A security group: ``Ref`` is its ID."""

    name = "AWS::EC2::SecurityGroup"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one with its rules."""
        ec2 = calls.client(context)
        told = {
            "GroupName": properties.get("GroupName") or context.name(255),
            "Description": properties["GroupDescription"],
            "VpcId": properties.get("VpcId") or _default_vpc(ec2),
        }
        tags = calls.tagged(context, "security-group", properties)
        group = ec2.create_security_group(**told, **tags)["GroupId"]
        context.made(group)
        self._set(context, group, {}, properties)
        return Made(group, {"Id": group, "GroupId": group, "VpcId": told["VpcId"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its rules and tags."""
        calls.tag(context, made.physical_id, old, new)
        self._set(context, made.physical_id, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine(*_GONE):
            calls.client(context).delete_security_group(GroupId=made.physical_id)

    def _set(self, context: Context, group: str, old: Properties, new: Properties) -> None:
        before, after = old.get("SecurityGroupIngress", ()), new.get("SecurityGroupIngress", ())
        _change(context, "Ingress", group, before, after)
        # Rules out that a template gives take the place of the one that AWS makes.
        before = old.get("SecurityGroupEgress") or [_ALL_OUT]
        after = new.get("SecurityGroupEgress") or [_ALL_OUT]
        _change(context, "Egress", group, before, after)


class _Rule(ResourceType):
    """One rule of a group: ``Ref`` is the rule's ID."""

    direction: ClassVar[str]

    def create(self, context: Context, properties: Properties) -> Made:
        """Add it."""
        group = self._group(context, properties)
        answer = _call(context, "Authorize", self.direction, group, [properties])
        made = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its description."""
        if changed(old, new, "Description"):
            place = {
                "GroupId": self._group(context, new),
                "IpPermissions": [_permission({"Description": "", **new})],
            }
            operation = f"UpdateSecurityGroupRuleDescriptions{self.direction}"
            calls.call(context, operation, place)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Take it away."""
        with absence_is_fine(*_GONE):
            place = {"GroupId": self._group(context, properties)}
            named = {**place, "SecurityGroupRuleIds": [made.physical_id]}
            calls.call(context, f"RevokeSecurityGroup{self.direction}", named)

    def _group(self, context: Context, properties: Properties) -> str:
        if properties.get("GroupId"):
            return str(properties["GroupId"])
        named = [{"Name": "group-name", "Values": [properties.get("GroupName", "")]}]
        found = calls.client(context).describe_security_groups(Filters=named)["SecurityGroups"]
        return str(found[0]["GroupId"]) if found else str(properties.get("GroupName", ""))


class SecurityGroupIngress(_Rule):
    """Who may come in."""

    name = "AWS::EC2::SecurityGroupIngress"
    direction = "Ingress"


class SecurityGroupEgress(_Rule):
    """Where to one may go."""

    name = "AWS::EC2::SecurityGroupEgress"
    direction = "Egress"


def _default_vpc(ec2: Any) -> str:
    only = [{"Name": "is-default", "Values": ["true"]}]
    found = ec2.describe_vpcs(Filters=only)["Vpcs"]
    return str(found[0]["VpcId"]) if found else ""


def _change(
    context: Context,
    direction: str,
    group: str,
    old: Iterable[Properties],
    new: Iterable[Properties],
) -> None:
    before, after = [_permission(rule) for rule in old], [_permission(rule) for rule in new]
    leaving = [rule for rule in old if _permission(rule) not in after]
    coming = [rule for rule in new if _permission(rule) not in before]
    if leaving:
        with absence_is_fine("InvalidPermission.NotFound"):
            _call(context, "Revoke", direction, group, leaving)
    if coming:
        _call(context, "Authorize", direction, group, coming)


def _call(
    context: Context, verb: str, direction: str, group: str, rules: Iterable[Properties]
) -> dict[str, Any]:
    place = {"GroupId": group, "IpPermissions": [_permission(rule) for rule in rules]}
    return calls.call(context, f"{verb}SecurityGroup{direction}", place)


def _permission(rule: Properties) -> dict[str, Any]:
    """A rule as the API has it."""
    made: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for name in ("FromPort", "ToPort"):
        if rule.get(name) is not None:
            made[name] = int(rule[name])
    told = {"Description": str(rule["Description"])} if "Description" in rule else {}
    if rule.get("CidrIp"):
        made["IpRanges"] = [{"CidrIp": str(rule["CidrIp"]), **told}]
    if rule.get("CidrIpv6"):
        made["Ipv6Ranges"] = [{"CidrIpv6": str(rule["CidrIpv6"]), **told}]
    prefixes = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if prefixes:
        made["PrefixListIds"] = [{"PrefixListId": str(prefixes), **told}]
    pair = {
        "GroupId": rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId"),
        "GroupName": rule.get("SourceSecurityGroupName"),
        "UserId": rule.get("SourceSecurityGroupOwnerId"),
    }
    if pair["GroupId"] or pair["GroupName"]:
        given = {name: str(value) for name, value in pair.items() if value}
        made["UserIdGroupPairs"] = [{**given, **told}]
    return made


TYPES = (SecurityGroup(), SecurityGroupIngress(), SecurityGroupEgress())
