"""``AWS::ElasticLoadBalancingV2::Listener``, ``ListenerRule`` and ``ListenerCertificate``."""

from __future__ import annotations

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.web.load_balancer import calls

_GONE = ("ListenerNotFound", "LoadBalancerNotFound")
_OF_LISTENER = (
    "AlpnPolicy",
    "Certificates",
    "DefaultActions",
    "MutualAuthentication",
    "Port",
    "Protocol",
    "SslPolicy",
)


class Listener(ResourceType):
    """A port of a load balancer: ``Ref`` is the listener's ARN."""

    name = "AWS::ElasticLoadBalancingV2::Listener"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        answer = calls.client(context).create_listener(
            **calls.parameters("CreateListener", properties), **calls.tagged(context, properties)
        )
        arn = answer["Listeners"][0]["ListenerArn"]
        context.made(arn)
        self._set_attributes(context, arn, properties)
        return Made(arn, {"ListenerArn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        arn = made.physical_id
        if changed(old, new, *_OF_LISTENER):
            calls.client(context).modify_listener(
                ListenerArn=arn, **calls.parameters("ModifyListener", new)
            )
        if changed(old, new, "ListenerAttributes"):
            self._set_attributes(context, arn, new)
        calls.tag_again(context, arn, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine(*_GONE):
            calls.client(context).delete_listener(ListenerArn=made.physical_id)

    def _set_attributes(self, context: Context, arn: str, properties: Properties) -> None:
        found = calls.attributes(properties, "ListenerAttributes")
        if found:
            calls.client(context).modify_listener_attributes(ListenerArn=arn, Attributes=found)


class ListenerRule(ResourceType):
    """Which requests get other actions: ``Ref`` is the rule's ARN."""

    name = "AWS::ElasticLoadBalancingV2::ListenerRule"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        answer = calls.client(context).create_rule(
            **calls.parameters("CreateRule", properties), **calls.tagged(context, properties)
        )
        arn = answer["Rules"][0]["RuleArn"]
        return Made(arn, {"RuleArn": arn, "IsDefault": False})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        client, arn = calls.client(context), made.physical_id
        if changed(old, new, "Actions", "Conditions", "Transforms"):
            client.modify_rule(RuleArn=arn, **calls.parameters("ModifyRule", new))
        if changed(old, new, "Priority"):
            place = {"RuleArn": arn, "Priority": int(new["Priority"])}
            client.set_rule_priorities(RulePriorities=[place])
        calls.tag_again(context, arn, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("RuleNotFound", *_GONE):
            calls.client(context).delete_rule(RuleArn=made.physical_id)


class ListenerCertificate(ResourceType):
    """Further certificates of a listener: ``Ref`` is an ID of its own."""

    name = "AWS::ElasticLoadBalancingV2::ListenerCertificate"

    def create(self, context: Context, properties: Properties) -> Made:
        """Add them."""
        self._add(context, properties)
        made = context.name(40)
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Add those that are new, and take away those that are gone."""
        self._add(context, new)
        gone = [one for one in old["Certificates"] if one not in new["Certificates"]]
        if gone:
            self._remove(context, {**old, "Certificates": gone})
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Take them away."""
        self._remove(context, properties)

    def _add(self, context: Context, properties: Properties) -> None:
        calls.client(context).add_listener_certificates(
            **calls.parameters("AddListenerCertificates", properties)
        )

    def _remove(self, context: Context, properties: Properties) -> None:
        with absence_is_fine(*_GONE, "CertificateNotFound"):
            calls.client(context).remove_listener_certificates(
                **calls.parameters("RemoveListenerCertificates", properties)
            )


TYPES = (Listener(), ListenerRule(), ListenerCertificate())
