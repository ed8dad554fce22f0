"""Rows of the records as CloudFormation's API shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.stacks.records.change_set_rows import ChangeSet
from lambda_nb.engine.stacks.records.event_rows import Event
from lambda_nb.engine.stacks.records.rows import Parameter, Revision, Stack, StackResource


def moment(seconds: float | None) -> datetime | None:
    """A time as a datetime (UTC)."""
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def stack(row: Stack) -> dict[str, Any]:
    """A ``Stack``."""
    outputs = [
        {
            "OutputKey": one.key,
            "OutputValue": one.value,
            "Description": one.description,
            "ExportName": one.export_name,
        }
        for one in row.outputs
    ]
    return {
        "StackId": row.id,
        "StackName": row.name,
        "ChangeSetId": row.change_set_id,
        **_revision(row.revision),
        "RoleARN": row.revision.role_arn,
        "Description": row.revision.description,
        "CreationTime": moment(row.created),
        "LastUpdatedTime": moment(row.updated),
        "DeletionTime": moment(row.deleted),
        "StackStatus": row.status,
        "StackStatusReason": row.reason,
        "DisableRollback": row.disable_rollback,
        "TimeoutInMinutes": row.timeout_minutes,
        "Outputs": outputs or None,
        "EnableTerminationProtection": row.termination_protection,
        "ParentId": row.parent_id,
        "RootId": row.root_id,
        "DriftInformation": _drift("StackDriftStatus", row),
    }


def stack_summary(row: Stack) -> dict[str, Any]:
    """A ``StackSummary``."""
    return {
        "StackId": row.id,
        "StackName": row.name,
        "TemplateDescription": row.revision.description,
        "CreationTime": moment(row.created),
        "LastUpdatedTime": moment(row.updated),
        "DeletionTime": moment(row.deleted),
        "StackStatus": row.status,
        "StackStatusReason": row.reason,
        "ParentId": row.parent_id,
        "RootId": row.root_id,
        "DriftInformation": _drift("StackDriftStatus", row),
    }


def _revision(row: Revision) -> dict[str, Any]:
    return {
        "Parameters": [_parameter(one) for one in row.parameters] or None,
        "Tags": [{"Key": key, "Value": value} for key, value in row.tags.items()],
        "Capabilities": list(row.capabilities) or None,
        "NotificationARNs": list(row.notification_arns),
        "RollbackConfiguration": {},
    }


def _parameter(row: Parameter) -> dict[str, Any]:
    hidden = row.no_echo or row.resolved_value is None
    return {
        "ParameterKey": row.key,
        "ParameterValue": row.shown,
        "ResolvedValue": None if hidden else row.resolved_value,
    }


def _drift(name: str, row: Stack | StackResource) -> dict[str, Any]:
    return {name: row.drift_status, "LastCheckTimestamp": moment(row.drift_checked)}


def event(row: Event) -> dict[str, Any]:
    """A ``StackEvent``."""
    return {
        "StackId": row.stack_id,
        "EventId": row.id,
        "StackName": row.stack_name,
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.physical_id,
        "ResourceType": row.type,
        "Timestamp": moment(row.time),
        "ResourceStatus": row.status,
        "ResourceStatusReason": row.reason,
        "ResourceProperties": row.properties,
        "ClientRequestToken": row.token,
    }


def resource(row: StackResource, of: Stack) -> dict[str, Any]:
    """A ``StackResource``."""
    return {
        "StackName": of.name,
        "StackId": of.id,
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.held.physical_id or None,
        "ResourceType": row.held.type,
        "Timestamp": moment(row.updated),
        "ResourceStatus": row.status,
        "ResourceStatusReason": row.reason,
        "DriftInformation": _drift("StackResourceDriftStatus", row),
    }


def resource_summary(row: StackResource) -> dict[str, Any]:
    """A ``StackResourceSummary``."""
    return {
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.held.physical_id or None,
        "ResourceType": row.held.type,
        "LastUpdatedTimestamp": moment(row.updated),
        "ResourceStatus": row.status,
        "ResourceStatusReason": row.reason,
        "DriftInformation": _drift("StackResourceDriftStatus", row),
    }


def resource_detail(row: StackResource, of: Stack) -> dict[str, Any]:
    """A ``StackResourceDetail``."""
    shown = resource(row, of)
    shown["LastUpdatedTimestamp"] = shown.pop("Timestamp")
    shown["Metadata"] = None if row.held.metadata is None else json.dumps(row.held.metadata)
    return shown


def resource_drift(row: StackResource) -> dict[str, Any]:
    """A ``StackResourceDrift``."""
    return {
        "StackId": row.stack_id,
        "LogicalResourceId": row.logical_id,
        "PhysicalResourceId": row.held.physical_id,
        "ResourceType": row.held.type,
        "ExpectedProperties": json.dumps(row.held.shown, default=str),
        "ActualProperties": None if row.actual is None else json.dumps(row.actual, default=str),
        "PropertyDifferences": [dict(one) for one in row.differences],
        "StackResourceDriftStatus": row.drift_status,
        "Timestamp": moment(row.drift_checked),
    }


def change_set_summary(row: ChangeSet) -> dict[str, Any]:
    """A ``ChangeSetSummary``."""
    return {
        "StackId": row.stack_id,
        "StackName": row.stack_name,
        "ChangeSetId": row.id,
        "ChangeSetName": row.name,
        "ExecutionStatus": row.execution_status,
        "Status": row.status,
        "StatusReason": row.reason,
        "CreationTime": moment(row.created),
        "Description": row.description,
        "IncludeNestedStacks": row.include_nested,
        "ParentChangeSetId": row.parent_id,
        "RootChangeSetId": row.root_id,
    }


def problem_events(row: ChangeSet) -> list[dict[str, Any]]:
    """The ``OperationEvent`` of each problem of a change set."""
    return [
        {
            "EventId": f"{row.id.rpartition('/')[2]}-{number}",
            "StackId": row.stack_id,
            "OperationId": row.id.rpartition("/")[2],
            "OperationType": "CREATE_CHANGESET",
            "OperationStatus": "FAILED",
            "EventType": "VALIDATION_ERROR",
            "LogicalResourceId": one.logical_id,
            "ResourceType": one.type,
            "Timestamp": moment(row.created),
            "ValidationFailureMode": "FAIL",
            "ValidationName": "PROPERTY_VALIDATION",
            "ValidationStatus": "FAILED",
            "ValidationStatusReason": one.text,
            "ValidationPath": f"/Resources/{one.logical_id}/Properties",
        }
        for number, one in enumerate(row.problems, 1)
    ]


def change_set(row: ChangeSet, changes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What ``DescribeChangeSet`` answers, with some of its changes."""
    return {
        **change_set_summary(row),
        **_revision(row.revision),
        "Changes": list(changes),
        "OnStackFailure": row.on_failure,
    }
