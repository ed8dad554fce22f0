"""The file of the stacks of one Region: what is written here survives ``kill -9``."""

from __future__ import annotations

from pathlib import Path

from lambda_nb.engine.databases import opened_or_new
from lambda_nb.engine.stacks.records.tables.change_sets import ChangeSetTable
from lambda_nb.engine.stacks.records.tables.detections import DetectionTable
from lambda_nb.engine.stacks.records.tables.events import EventTable
from lambda_nb.engine.stacks.records.tables.exports import ExportTable
from lambda_nb.engine.stacks.records.tables.file import Closed, File
from lambda_nb.engine.stacks.records.tables.resources import ResourceTable
from lambda_nb.engine.stacks.records.tables.signals import SignalTable
from lambda_nb.engine.stacks.records.tables.stacks import StackTable

__all__ = ["KEPT_S", "Closed", "Store"]

KEPT_S = 90 * 24 * 3600.0
"""Seconds that events, and stacks after their deletion, are kept (CloudFormation, ListStacks and
DescribeStackEvents; 2026)."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stack (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, name TEXT, deleted REAL, row TEXT);
CREATE INDEX IF NOT EXISTS stack_name ON stack (name);
CREATE TABLE IF NOT EXISTS resource (
    number INTEGER PRIMARY KEY AUTOINCREMENT, stack TEXT, name TEXT, row TEXT,
    UNIQUE (stack, name));
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, stack TEXT, row TEXT);
CREATE INDEX IF NOT EXISTS event_stack ON event (stack, number);
CREATE TABLE IF NOT EXISTS change_set (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, stack TEXT, name TEXT, row TEXT);
CREATE TABLE IF NOT EXISTS export (name TEXT PRIMARY KEY, stack TEXT, value TEXT);
CREATE TABLE IF NOT EXISTS import (name TEXT, stack TEXT, PRIMARY KEY (name, stack));
CREATE TABLE IF NOT EXISTS signal (
    stack TEXT, name TEXT, sender TEXT, status TEXT, PRIMARY KEY (stack, name, sender));
CREATE TABLE IF NOT EXISTS detection (id TEXT PRIMARY KEY, row TEXT);
"""


class Store:
    """Keeps the rows of all stacks of one Region; any thread may use it.

    Parameters
    ----------
    path
        The SQLite file; made if it is not there.
    now
        The time (seconds since 1970): stacks deleted more than 90 days before it are dropped,
        and events and detections of drift that are as old.

    Attributes
    ----------
    unreadable : Path or None
        Where the file is now that was damaged; ``None`` if it was sound.
    together, close
        As of :class:`~lambda_nb.engine.stacks.records.tables.file.File`.
    put_stack, change_stack, stack, find_stack, stacks, nested_in
        As of :class:`~lambda_nb.engine.stacks.records.tables.stacks.StackTable`.
    put_resource, change_resource, resource, resources, drop_resource
        As of :class:`~lambda_nb.engine.stacks.records.tables.resources.ResourceTable`.
    add_event, events
        As of :class:`~lambda_nb.engine.stacks.records.tables.events.EventTable`.
    put_change_set, find_change_set, change_sets, change_sets_inside
        As of :class:`~lambda_nb.engine.stacks.records.tables.change_sets.ChangeSetTable`.
    change_execution, drop_change_set
        As of the same.
    set_exports, find_export, exports, set_imports, importers
        As of :class:`~lambda_nb.engine.stacks.records.tables.exports.ExportTable`.
    add_signal, signals, drop_signals
        As of :class:`~lambda_nb.engine.stacks.records.tables.signals.SignalTable`.
    put_detection, find_detection, detections
        As of :class:`~lambda_nb.engine.stacks.records.tables.detections.DetectionTable`.
    """

    def __init__(self, path: Path, now: float) -> None:
        self._database, self.unreadable = opened_or_new(path, _SCHEMA)
        file = File(self._database)
        self.together = file.together
        self.close = file.close
        stacks = StackTable(file)
        self.put_stack = stacks.put_stack
        self.change_stack = stacks.change_stack
        self.stack = stacks.stack
        self.find_stack = stacks.find_stack
        self.stacks = stacks.stacks
        self.nested_in = stacks.nested_in
        signals = SignalTable(file)
        self.add_signal = signals.add_signal
        self.signals = signals.signals
        self.drop_signals = signals.drop_signals
        resources = ResourceTable(file, signals)
        self.put_resource = resources.put_resource
        self.change_resource = resources.change_resource
        self.resource = resources.resource
        self.resources = resources.resources
        self.drop_resource = resources.drop_resource
        events = EventTable(file)
        self.add_event = events.add_event
        self.events = events.events
        change_sets = ChangeSetTable(file)
        self.put_change_set = change_sets.put_change_set
        self.find_change_set = change_sets.find_change_set
        self.change_sets = change_sets.change_sets
        self.change_sets_inside = change_sets.change_sets_inside
        self.change_execution = change_sets.change_execution
        self.drop_change_set = change_sets.drop_change_set
        exports = ExportTable(file)
        self.set_exports = exports.set_exports
        self.find_export = exports.find_export
        self.exports = exports.exports
        self.set_imports = exports.set_imports
        self.importers = exports.importers
        detections = DetectionTable(file)
        self.put_detection = detections.put_detection
        self.find_detection = detections.find_detection
        self.detections = detections.detections
        self._drop_old(file, now - KEPT_S)
        events.drop_events(now - KEPT_S)
        detections.drop_detections(now - KEPT_S)

    @staticmethod
    def _drop_old(file: File, before: float) -> None:
        old = "(SELECT id FROM stack WHERE deleted < ?)"
        for table in ("event", "resource", "change_set", "signal"):
            file.do(f"DELETE FROM {table} WHERE stack IN {old}", before)  # noqa: S608
        file.do("DELETE FROM stack WHERE deleted < ?", before)
