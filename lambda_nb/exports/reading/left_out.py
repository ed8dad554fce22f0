"""What an endpoint knows of a function and an export has not: a sentence for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambda_nb.exports.picture import Function
from lambda_nb.exports.reading.asking import missing, pages
from lambda_nb.projects.endpoint import Clients

_NOT_ALLOWED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def of_function(clients: Clients, function: Function, config: Mapping[str, Any]) -> list[str]:
    """What is not exported of a function itself.

    Parameters
    ----------
    config
        As GetFunctionConfiguration gives it.
    """
    lambda_ = clients.client()
    found = [
        *_of_config(config),
        *_asked("code signing", lambda: _code_signing(lambda_, function.name)),
        *_asked("the runtime's updates", lambda: _updates(lambda_, function.name)),
        *_asked("recursive loops", lambda: _loops(lambda_, function.name)),
        *_asked("provisioned concurrency", lambda: _provisioned(lambda_, function)),
        *_asked("function URLs", lambda: _urls(lambda_, function)),
        *_asked("its log", lambda: _retention(clients, function.name)),
    ]
    return [f"{function.name}: {text}" for text in found]


def of_callers(clients: Clients, function: Function, arns: list[str]) -> list[str]:
    """What invokes a function without a permission of its own, and is not exported."""
    found = [
        *_asked("pipes", lambda: _pipes(clients, arns)),
        *_asked("state machines", lambda: _machines(clients, arns)),
        *_asked("distributions", lambda: _distributions(clients, arns)),
    ]
    return [f"{function.name}: {text}" for text in found]


def _asked(what: str, look: Callable[[], Iterator[str]]) -> list[str]:
    """What is found; where these credentials may not look, that is what is told."""
    from botocore.exceptions import ClientError

    try:
        return list(look())
    except ClientError as error:
        if missing(error):
            return []
        if error.response.get("Error", {}).get("Code") in _NOT_ALLOWED:
            return [
                f"these credentials may not ask for {what}, so it is not known what is left out"
            ]
        raise


def _of_config(config: Mapping[str, Any]) -> Iterator[str]:
    if config.get("KMSKeyArn"):
        yield "the key of its own that encrypts its variables; the export takes AWS's"
    if config.get("TenancyConfig"):
        yield "that each of its tenants has environments of its own"
    if config.get("CapacityProviderConfig"):
        yield "its capacity provider; the export runs on Lambda's own machines"
    if config.get("VpcConfig", {}).get("SubnetIds"):
        yield "its VPC: subnets and security groups stand there by the ids that they have here"
    if config.get("FileSystemConfigs"):
        yield "its file system, which stands there by the ARN that it has here, and the right to it"


def _code_signing(lambda_: Any, name: str) -> Iterator[str]:
    if lambda_.get_function_code_signing_config(FunctionName=name).get("CodeSigningConfigArn"):
        yield "its code signing; the export takes code without a signature"


def _updates(lambda_: Any, name: str) -> Iterator[str]:
    when = lambda_.get_runtime_management_config(FunctionName=name).get("UpdateRuntimeOn", "Auto")
    if when != "Auto":
        yield f"that its runtime is updated {when}; the export has Auto"


def _loops(lambda_: Any, name: str) -> Iterator[str]:
    told = lambda_.get_function_recursion_config(FunctionName=name).get("RecursiveLoop")
    if told == "Allow":
        yield "that it may call itself in a loop; in the export Lambda ends such loops"


def _provisioned(lambda_: Any, function: Function) -> Iterator[str]:
    told = pages(
        lambda_,
        "list_provisioned_concurrency_configs",
        "ProvisionedConcurrencyConfigs",
        FunctionName=function.name,
    )
    qualifiers = {one["FunctionArn"].rpartition(":")[2] for one in told}
    if function.alias is not None:
        qualifiers.discard(function.alias.name)
    if qualifiers:
        yield f"the provisioned concurrency of {', '.join(sorted(qualifiers))}"


def _urls(lambda_: Any, function: Function) -> Iterator[str]:
    told = pages(
        lambda_, "list_function_url_configs", "FunctionUrlConfigs", FunctionName=function.name
    )
    if len(list(told)) > 1:
        yield "of its function URLs only one is exported, not those of its aliases"


def _retention(clients: Clients, name: str) -> Iterator[str]:
    group = f"/aws/lambda/{name}"
    told = clients.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    for one in told:
        if one["logGroupName"] == group and one.get("retentionInDays"):
            yield (
                f"that its log is kept for {one['retentionInDays']} days; what Lambda makes is "
                "kept for ever"
            )


def _pipes(clients: Clients, arns: list[str]) -> Iterator[str]:
    client = clients.client("pipes")
    for one in pages(client, "list_pipes", "Pipes"):
        if {one.get("Target"), one.get("Enrichment")} & set(arns):
            yield f"the pipe {one['Name']}, which calls it"


def _machines(clients: Clients, arns: list[str]) -> Iterator[str]:
    client = clients.client("stepfunctions")
    for one in pages(client, "list_state_machines", "stateMachines"):
        told = client.describe_state_machine(stateMachineArn=one["stateMachineArn"])
        if any(f'"{arn}' in told["definition"] for arn in arns):
            yield f"the state machine {one['name']}, which calls it"


def _distributions(clients: Clients, arns: list[str]) -> Iterator[str]:
    client = clients.client("cloudfront")
    for page in client.get_paginator("list_distributions").paginate():
        for one in page.get("DistributionList", {}).get("Items", ()):
            behaviours = [
                one.get("DefaultCacheBehavior", {}),
                *one.get("CacheBehaviors", {}).get("Items", ()),
            ]
            at_edge = {
                told["LambdaFunctionARN"].rpartition(":")[0]
                for behaviour in behaviours
                for told in behaviour.get("LambdaFunctionAssociations", {}).get("Items", ())
            }
            if at_edge & set(arns):
                yield f"the distribution {one['Id']}, which runs it at the edge"
