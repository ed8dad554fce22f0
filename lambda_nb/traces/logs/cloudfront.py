"""Read the access logs of CloudFront distributions: one row a request.

Standard logs (legacy and v2 as text, any set of fields, from their ``#Fields`` line) and records of
real-time logs (whose fields their configuration says). Source of the fields: CloudFront Developer
Guide, "Standard logging reference" and "Use real-time access logs" (2026).
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from lambda_nb.traces.schema import TraceError

Source = str | Path | bytes

_TEXT = pa.dictionary(pa.int32(), pa.string())
_FIELDS: dict[str, tuple[str, pa.DataType]] = {
    "date": ("date", pa.date32()),
    "time": ("clock", pa.time32("s")),
    "timestamp": ("timestamp", pa.float64()),
    "x-edge-location": ("pop", _TEXT),
    "sc-bytes": ("sent", pa.int64()),
    "c-ip": ("ip", _TEXT),
    "cs-method": ("method", _TEXT),
    "cs(Host)": ("domain", _TEXT),
    "cs-host": ("host", _TEXT),
    "cs-uri-stem": ("uri", _TEXT),
    "sc-status": ("status", pa.int16()),
    "cs(Referer)": ("referer", _TEXT),
    "cs-referer": ("referer", _TEXT),
    "cs(User-Agent)": ("user_agent", _TEXT),
    "cs-user-agent": ("user_agent", _TEXT),
    "cs-uri-query": ("query", _TEXT),
    "cs(Cookie)": ("cookies", _TEXT),
    "cs-cookie": ("cookies", _TEXT),
    "x-edge-result-type": ("result", _TEXT),
    "x-edge-request-id": ("request_id", pa.string()),
    "x-host-header": ("host", _TEXT),
    "cs-protocol": ("protocol", _TEXT),
    "cs-bytes": ("received", pa.int64()),
    "time-taken": ("taken", pa.float64()),
    "x-forwarded-for": ("forwarded_for", _TEXT),
    "ssl-protocol": ("tls", _TEXT),
    "ssl-cipher": ("cipher", _TEXT),
    "x-edge-response-result-type": ("first_result", _TEXT),
    "cs-protocol-version": ("version", _TEXT),
    "c-port": ("port", pa.int32()),
    "time-to-first-byte": ("first_byte", pa.float64()),
    "x-edge-detailed-result-type": ("detail", _TEXT),
    "sc-content-type": ("content_type", _TEXT),
    "sc-content-len": ("content_length", pa.int64()),
    "sc-range-start": ("range_start", pa.int64()),
    "sc-range-end": ("range_end", pa.int64()),
    "c-country": ("country", _TEXT),
    "cs-accept-encoding": ("accept_encoding", _TEXT),
    "cs-accept": ("accept", _TEXT),
    "cache-behavior-path-pattern": ("behaviour", _TEXT),
    "origin-fbl": ("origin_first_byte", pa.float64()),
    "origin-lbl": ("origin_last_byte", pa.float64()),
    "r-host": ("origin", _TEXT),
}
"""Each field that is read: its column and type. Others are left out."""
_ALWAYS = ("time", "location", "pop", "method", "uri", "query", "status", "result", "hit", "sent")
_HITS = ("Hit", "RefreshHit")
_COMPRESSED = b"\x1f\x8b"


def read_cloudfront(
    sources: Source | Iterable[Source], *, fields: Sequence[str] | None = None
) -> pd.DataFrame:
    """Read access logs of a distribution into one frame, ordered by time.

    Parameters
    ----------
    sources
        Files, folders (every file in them), or the bytes of files, such as the bodies of a
        bucket's objects; compressed or not.
    fields
        The fields of real-time records, as their configuration has them; they come in CloudFront's
        own order. Standard logs name theirs themselves.

    Returns
    -------
    DataFrame
        ``time`` (UTC, when the response was finished; whole seconds in standard logs), ``location``
        (code, such as ``FRA``), ``pop`` (as logged, ``FRA56-P1``), ``method``, ``uri``, ``query``
        (decoded once: as the viewer sent them), ``status`` (0: the viewer hung up before),
        ``result`` (``Hit``, ``RefreshHit``, ``Miss``, ``Error``...), ``hit`` (whether the cache had
        the object: ``Hit`` or ``RefreshHit``), ``sent`` and ``received`` (bytes, with headers),
        ``taken`` and ``first_byte`` (s), and by the log's fields ``ip``, ``port``, ``domain``,
        ``host``, ``protocol``, ``version``, ``first_result``, ``detail``, ``content_type``,
        ``content_length``, ``range_start``, ``range_end`` (bytes), ``referer``, ``user_agent``,
        ``cookies``, ``forwarded_for``, ``tls``, ``cipher``, ``request_id``; of real-time records
        also ``country``, ``behaviour`` (path pattern), ``origin`` (domain),
        ``origin_first_byte`` and ``origin_last_byte`` (s). Text is categorical; a hyphen in the
        log is a missing value, and an empty text in ``query``.

    Raises
    ------
    TraceError
        There is no file; or one is no access log, and the message says which.

    Examples
    --------
    >>> log = read_cloudfront(b"#Version: 1.0\\n#Fields: date time x-edge-location sc-bytes "
    ...     b"cs-method cs-uri-stem sc-status x-edge-result-type\\n"
    ...     b"2026-01-02\\t03:04:05\\tFRA56-P1\\t392\\tGET\\t/a%2520b\\t200\\tHit\\n")
    >>> log.loc[0, ["location", "uri", "result"]].tolist()
    ['FRA', '/a%20b', 'Hit']
    """
    given = [sources] if isinstance(sources, (str, Path, bytes)) else sources
    tables = [
        _parsed(name, content, fields) for source in given for name, content in _contents(source)
    ]
    if not tables:
        raise TraceError("no access log is given: name a file, a folder or the bytes of a file")
    whole = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    return _framed(whole)


def _contents(source: Source) -> Iterator[tuple[str, bytes]]:
    if isinstance(source, bytes):
        yield "bytes", source
        return
    path = Path(source)
    if not path.exists():
        raise TraceError(f"there is no file or folder {str(path)!r}")
    inside = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    if not inside:
        raise TraceError(f"the folder {str(path)!r} has no file")
    for each in inside:
        yield each.name, each.read_bytes()


def _parsed(name: str, content: bytes, fields: Sequence[str] | None) -> pa.Table:
    if content.startswith(_COMPRESSED):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError) as error:
            raise TraceError(f"{name} is damaged: {error}") from error
    if fields is None:
        fields, content = _standard(name, content)
    types = {field: _FIELDS[field][1] for field in fields if field in _FIELDS}
    if not types:
        raise TraceError(f"{name} has no known field of an access log: {', '.join(fields[:5])}")
    if not content.strip():
        content = b"\t".join([b"-"] * len(fields)) + b"\n"  # Arrow refuses a file without a line
        return _parsed(name, content, fields).slice(0, 0)
    try:
        table = pacsv.read_csv(
            io.BytesIO(content),
            read_options=pacsv.ReadOptions(column_names=list(fields)),
            parse_options=pacsv.ParseOptions(delimiter="\t", quote_char=False),
            convert_options=pacsv.ConvertOptions(
                column_types=types,
                include_columns=list(types),
                null_values=["-", ""],
                strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        raise TraceError(f"{name}: {error}") from error
    # In real-time records the Host header and the distribution's domain are the other way round.
    realtime = "timestamp" in fields or "cs-host" in fields
    names = {field: _FIELDS[field][0] for field in types}
    if realtime and "x-host-header" in names:
        names["x-host-header"] = "domain"
    return table.rename_columns([names[field] for field in table.column_names])


def _standard(name: str, content: bytes) -> tuple[list[str], bytes]:
    """The fields that a standard log names, and its lines without heads."""
    if not content.startswith(b"#"):
        raise TraceError(
            f"{name} does not begin with '#Version': it is no standard log. For real-time records "
            "give fields=[...] as their configuration has them"
        )
    lines = content.split(b"\n")
    heads = {line for line in lines if line.startswith(b"#Fields:")}
    if len(heads) != 1:
        raise TraceError(
            f"{name} has {len(heads)} different '#Fields' lines; give it one at a time"
        )
    fields = heads.pop().decode("ascii", "replace").removeprefix("#Fields:").split()
    # Files that were put together have a head in the middle.
    return fields, b"\n".join(line for line in lines if not line.startswith(b"#"))


def _framed(table: pa.Table) -> pd.DataFrame:
    columns = dict(zip(table.column_names, table.columns, strict=True))
    frame = pd.DataFrame(index=pd.RangeIndex(table.num_rows))
    frame["time"] = _times(columns)
    if "pop" in columns:
        frame["location"] = _changed(columns["pop"], lambda text: text[:3])
    for name, values in columns.items():
        if name in ("date", "clock", "timestamp"):
            continue
        if pa.types.is_dictionary(values.type):
            frame[name] = _changed(values, unquote)
        elif pa.types.is_string(values.type):
            frame[name] = values.to_pandas()
        elif name == "status":
            frame[name] = pc.fill_null(values, 0).to_numpy()
        else:
            frame[name] = values.to_pandas()
    if "timestamp" in columns and "uri" in frame:
        _part_query(frame)
    if "query" in frame:
        frame["query"] = _filled(frame["query"])
    if "result" in frame:
        frame["hit"] = frame["result"].isin(_HITS)
    first = [name for name in _ALWAYS if name in frame]
    frame = frame[[*first, *(name for name in frame if name not in first)]]
    ordered: pd.DataFrame = frame.sort_values("time", kind="stable", ignore_index=True)
    return ordered


def _times(columns: dict[str, pa.ChunkedArray]) -> pd.Series[Any]:
    if "timestamp" in columns:
        seconds = columns["timestamp"].to_numpy()
        at = pd.to_datetime(np.round(seconds * 1000), unit="ms", utc=True)
        exact: pd.Series[Any] = pd.Series(at, name="time")
        return exact
    if "date" not in columns or "clock" not in columns:
        raise TraceError("the log has no time: choose the fields date and time, or timestamp")
    days = columns["date"].cast(pa.int32()).to_numpy().astype("int64")
    clock = columns["clock"].cast(pa.int32()).to_numpy().astype("int64")
    whole: pd.Series[Any] = pd.Series(
        pd.to_datetime(days * 86_400 + clock, unit="s", utc=True), name="time"
    )
    return whole


def _changed(values: pa.ChunkedArray, change: Callable[[str], str]) -> pd.Series[Any]:
    """A categorical column whose texts are changed, each different one once."""
    array = values.combine_chunks()
    texts = [change(text) for text in array.dictionary.to_pylist()]
    codes = pc.fill_null(array.indices, -1).to_numpy()
    names, places = np.unique(np.asarray(texts, dtype=object), return_inverse=True)
    codes = np.where(codes < 0, -1, np.append(places, -1)[codes])
    changed: pd.Series[Any] = pd.Series(
        pd.Categorical.from_codes(codes, pd.Index(names, dtype=object))
    )
    return changed


def _filled(values: pd.Series[Any]) -> pd.Series[Any]:
    if "" not in values.cat.categories:
        values = values.cat.add_categories([""])
    return values.fillna("")


def _part_query(frame: pd.DataFrame) -> None:
    """Take the query out of the paths of real-time records, which have both in one field."""
    uri = frame["uri"].cat
    parts = [text.partition("?") for text in uri.categories]
    codes = uri.codes.to_numpy()
    for name, place in (("uri", 0), ("query", 2)):
        texts = np.asarray([part[place] for part in parts], dtype=object)
        names, places = np.unique(texts, return_inverse=True)
        frame[name] = pd.Categorical.from_codes(
            np.where(codes < 0, -1, np.append(places, -1)[codes]), pd.Index(names, dtype=object)
        )
