"""Read one CSV file: fast with Arrow, then again line by line to find an error."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from lambda_nb.traces.schema import TraceError

_BLOCK = 4 << 20
"""Bytes that Arrow parses at a time. It converts each block and never holds the file as text."""
_UNKNOWN = ("", "nan", "null", "na", "n/a", "none", "#n/a", "nil", "-nan")


class CsvFile:
    """A CSV file, compressed or not.

    Parameters
    ----------
    header : sequence of str, optional
        Names of the columns, for a file without a header line.
    """

    def __init__(
        self, path: Path, *, delimiter: str = ",", header: Sequence[str] | None = None
    ) -> None:
        self.path = path
        self.delimiter = delimiter
        self.header = None if header is None else list(header)

    def names(self) -> list[str]:
        """The columns of the file (its first line, unless a header was given)."""
        if self.header:
            return self.header
        for _, fields in self._records():
            return fields
        raise TraceError(f"{self.path.name} is empty: not even a header line")

    def parse(self, types: Mapping[str, Any]) -> pa.Table:
        """Read these columns as these types.

        Raises
        ------
        TraceError
            A column is missing, or a line is wrong. The message says which line, and why.
        """
        names = self.names()
        missing = [name for name in types if name not in names]
        if missing:
            raise TraceError(
                f"{self.path.name} has no column {missing[0]!r}: its header is "
                + ", ".join(names[:12])
                + (", ..." if len(names) > 12 else "")
            )
        try:
            return self.read(types)
        except pa.ArrowInvalid as error:
            raise self.explained(types, error) from None

    def read(self, types: Mapping[str, Any]) -> pa.Table:
        """Read these columns as these types; Arrow raises its own error if it cannot."""
        with pa.input_stream(str(self.path), compression="detect") as stream:
            return pacsv.read_csv(
                stream,
                read_options=pacsv.ReadOptions(column_names=self.header, block_size=_BLOCK),
                parse_options=pacsv.ParseOptions(delimiter=self.delimiter),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict(types), include_columns=list(types), strings_can_be_null=True
                ),
            )

    def line(self, row: int) -> str:
        """Return the file name and line number of a row."""
        wanted = row + (0 if self.header else 1)
        for count, (line, _) in enumerate(self._records()):
            if count == wanted:
                return f"{self.path.name} line {line}"
        return f"{self.path.name} row {row}"

    def explained(self, types: Mapping[str, Any], error: Exception) -> TraceError:
        """Find the line that Arrow could not read."""
        records = self._records()
        names = self.header or next(records)[1]
        for line, fields in records:
            at = f"{self.path.name} line {line}"
            if len(fields) != len(names):
                return TraceError(
                    f"{at} has {len(fields)} fields where the header has {len(names)}"
                )
            for name, text in zip(names, fields, strict=True):
                if name in types and not _readable(text, types[name]):
                    return TraceError(f"{at}: {name} must be a number, not {text!r}")
        return TraceError(f"{self.path.name} cannot be read: {error}")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Every line that is not blank, with its number, counted from 1."""
        with (
            pa.input_stream(str(self.path), compression="detect") as stream,
            io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text,
        ):
            reader = csv.reader(text, delimiter=self.delimiter)
            for fields in reader:
                if fields:
                    yield reader.line_num, fields


def _readable(text: str, kind: Any) -> bool:
    if text.strip().lower() in _UNKNOWN:
        return True
    try:
        if pa.types.is_integer(kind):
            int(text)
        elif pa.types.is_floating(kind):
            float(text)
    except ValueError:
        return False
    return True
