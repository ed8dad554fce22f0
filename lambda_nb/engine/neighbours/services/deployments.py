"""CodeDeploy's operations that moto lacks: applications and deployment groups change and end.

Nothing is deployed by CodeDeploy here: the records are kept for the programs that make them.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded

_MEMBERS = {
    "deploymentConfigName": "deployment_config_name",
    "ec2TagFilters": "ec2_tag_filters",
    "onPremisesInstanceTagFilters": "on_premises_instance_tag_filters",
    "autoScalingGroups": "auto_scaling_groups",
    "serviceRoleArn": "service_role_arn",
    "triggerConfigurations": "trigger_configurations",
    "alarmConfiguration": "alarm_configuration",
    "autoRollbackConfiguration": "auto_rollback_configuration",
    "outdatedInstancesStrategy": "outdated_instances_strategy",
    "deploymentStyle": "deployment_style",
    "blueGreenDeploymentConfiguration": "blue_green_deployment_configuration",
    "loadBalancerInfo": "load_balancer_info",
    "ec2TagSet": "ec2_tag_set",
    "ecsServices": "ecs_services",
    "onPremisesTagSet": "on_premises_tag_set",
    "terminationHookEnabled": "termination_hook_enabled",
}
"""What UpdateDeploymentGroup changes, and moto's names for it."""


def install() -> None:
    """Change moto's CodeDeploy."""
    when_loaded("moto.codedeploy.responses", _patch)


def _patch() -> None:
    from moto.codedeploy.responses import CodeDeployResponse
    from moto.core.responses import ActionResult, EmptyResult

    response: Any = CodeDeployResponse

    def delete_application(self: Any) -> Any:
        backend, name = self.codedeploy_backend, self._get_param("applicationName")
        backend.applications.pop(name, None)  # AWS does not complain of a missing one
        backend.deployment_groups.pop(name, None)
        return EmptyResult()

    def delete_deployment_group(self: Any) -> Any:
        groups = self.codedeploy_backend.deployment_groups
        of_application = groups.get(self._get_param("applicationName"), {})
        of_application.pop(self._get_param("deploymentGroupName"), None)
        return ActionResult({"hooksNotCleanedUp": []})

    def update_deployment_group(self: Any) -> Any:
        backend, application = self.codedeploy_backend, self._get_param("applicationName")
        name = self._get_param("currentDeploymentGroupName")
        group = backend.get_deployment_group(application, name)
        for member, attribute in _MEMBERS.items():
            value = self._get_param(member)
            if value is not None:
                setattr(group, attribute, value)
        renamed = self._get_param("newDeploymentGroupName")
        if renamed:
            group.deployment_group_name = renamed
            groups = backend.deployment_groups[application]
            groups[renamed] = groups.pop(name)
        return ActionResult({"hooksNotCleanedUp": []})

    response.delete_application = delete_application
    response.delete_deployment_group = delete_deployment_group
    response.update_deployment_group = update_deployment_group
