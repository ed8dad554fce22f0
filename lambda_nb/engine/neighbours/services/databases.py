"""Changes to moto's RDS: what it loses when something is changed, and what it cannot take back."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded


def install() -> None:
    """Change moto's databases."""
    when_loaded("moto.rds.models", _patch_models)
    when_loaded("moto.rds.responses", _patch_responses)


def _patch_models() -> None:
    from moto.rds.models import DBInstance, RDSBackend

    backend: Any = RDSBackend
    instance: Any = DBInstance
    modify, update = backend.modify_db_subnet_group, instance.update

    def modify_db_subnet_group(self: Any, subnet_name: str, *arguments: Any) -> Any:
        self.describe_db_subnet_groups(
            subnet_name
        )  # an unknown one is an error of RDS, not of moto
        group = modify(self, subnet_name, *arguments)
        self.subnet_groups[subnet_name] = group  # moto takes it out and leaves it there
        return group

    def with_port(self: Any, **given: Any) -> None:
        port = given.pop("db_port_number", None)
        update(self, **given, **({} if port is None else {"port": port}))

    backend.modify_db_subnet_group = modify_db_subnet_group
    instance.update = with_port


def _patch_responses() -> None:
    from moto.core.responses import ActionResult
    from moto.rds.exceptions import DBParameterGroupNotFoundError
    from moto.rds.responses import RDSResponse

    def reset(self: Any, groups: Any, member: str) -> Any:
        name = self.params[member]
        if name not in groups:
            raise DBParameterGroupNotFoundError(name)
        parameters = groups[name].parameters
        if self.params.get("ResetAllParameters"):
            parameters.clear()
        for one in self.params.get("Parameters", []):
            parameters.pop(one.original_dict()["ParameterName"], None)
        return ActionResult({member: name})

    response: Any = RDSResponse
    response.reset_db_parameter_group = lambda self: reset(
        self, self.backend.db_parameter_groups, "DBParameterGroupName"
    )
    response.reset_db_cluster_parameter_group = lambda self: reset(
        self, self.backend.db_cluster_parameter_groups, "DBClusterParameterGroupName"
    )
