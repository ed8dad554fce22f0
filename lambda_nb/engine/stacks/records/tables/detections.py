"""Detections of drift."""

from __future__ import annotations

from lambda_nb.engine.stacks.records.codec import encoded
from lambda_nb.engine.stacks.records.event_rows import DriftDetection
from lambda_nb.engine.stacks.records.tables.file import File


class DetectionTable:
    """Keeps detections of drift.

    Parameters
    ----------
    file
        Where they are.
    """

    def __init__(self, file: File) -> None:
        self._file = file

    def put_detection(self, detection: DriftDetection) -> DriftDetection:
        """Keep a detection of drift, new or changed."""
        self._file.do(
            "INSERT OR REPLACE INTO detection VALUES (?, ?)", detection.id, encoded(detection)
        )
        return detection

    def find_detection(self, detection_id: str) -> DriftDetection | None:
        """A detection of drift by its ID."""
        for row in self._file.rows(
            DriftDetection, "SELECT row FROM detection WHERE id = ?", detection_id
        ):
            return row
        return None

    def drop_detections(self, before: float) -> None:
        """Forget what was detected before a time (seconds since 1970)."""
        for detection in self.detections():
            if detection.time < before:
                self._file.do("DELETE FROM detection WHERE id = ?", detection.id)

    def detections(self) -> list[DriftDetection]:
        """All detections of drift."""
        return self._file.rows(DriftDetection, "SELECT row FROM detection")
