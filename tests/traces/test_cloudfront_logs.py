"""Access logs of distributions as frames: the guide's example, round trips, what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.log_fields import HEAD, STANDARD_FIELDS, realtime_line, standard_line
from lambda_nb.traces import TraceError
from lambda_nb.traces.logs.cloudfront import read_cloudfront

# Three lines of the example on the guide's page "Standard logging reference", shortened.
GUIDE = (
    HEAD + "2019-12-13\t22:36:27\tSEA19-C1\t900\t192.0.2.200\tGET\td111111abcdef8.cloudfront.net\t"
    "/favicon.ico\t502\thttp://www.example.com/\tMozilla/5.0%20(Windows)\t-\t-\tError\t1pkp==\t"
    "www.example.com\thttp\t675\t0.102\t-\t-\t-\tError\tHTTP/1.1\t-\t-\t25260\t0.102\t"
    "OriginDnsError\ttext/html\t507\t-\t-\n"
    "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t"
    "/index.html\t200\t-\tcurl/7.55.1\ta=1\t-\tHit\tSOX4==\td111111abcdef8.cloudfront.net\thttps\t"
    "23\t0.001\t-\tTLSv1.2\tECDHE\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-\n"
).encode()


class TestStandardLogs:
    def test_the_guides_example_in_order_of_time(self) -> None:
        log = read_cloudfront(GUIDE)
        assert log["time"].tolist() == [
            pd.Timestamp("2019-12-04T21:02:31Z"),
            pd.Timestamp("2019-12-13T22:36:27Z"),
        ]
        first = log.iloc[0]
        told = ["location", "pop", "method", "uri", "query", "status", "result", "sent", "version"]
        assert first[told].tolist() == [
            "LAX", "LAX1", "GET", "/index.html", "a=1", 200, "Hit", 392, "HTTP/2.0",
        ]  # fmt: skip
        assert first["content_length"] == 78
        assert log["hit"].tolist() == [True, False]
        assert log["detail"].tolist() == ["Hit", "OriginDnsError"]
        assert log["user_agent"].tolist() == ["curl/7.55.1", "Mozilla/5.0 (Windows)"]
        assert log["query"].tolist() == ["a=1", ""]
        assert log["range_start"].isna().all()

    def test_files_folders_and_bytes_compressed_or_not(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "E1.2019-12-13-22.a.gz").write_bytes(gzip.compress(GUIDE))
        plain = tmp_path / "plain.txt"
        plain.write_bytes(GUIDE)
        assert len(read_cloudfront(tmp_path)) == 4
        assert len(read_cloudfront([plain, gzip.compress(GUIDE), GUIDE])) == 6

    def test_files_that_were_put_together_have_heads_in_the_middle(self) -> None:
        assert len(read_cloudfront(GUIDE + GUIDE)) == 4
        assert len(read_cloudfront(gzip.compress(GUIDE) * 2)) == 4

    def test_logs_with_other_fields_can_stand_beside_each_other(self) -> None:
        old = b"#Version: 1.0\n#Fields: date time cs-uri-stem x-new\n2019-01-01\t00:00:00\t/a\tz\n"
        log = read_cloudfront([GUIDE, old])
        assert log["uri"].tolist() == ["/a", "/index.html", "/favicon.ico"]
        assert log["pop"].isna().tolist() == [True, False, False]
        assert "x-new" not in log

    def test_a_viewer_that_hung_up_has_status_0(self) -> None:
        line = standard_line({"date": "2026-01-01", "time": "00:00:00", "sc-status": "000"})
        assert read_cloudfront((HEAD + line).encode()).loc[0, "status"] == 0

    @given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=5))
    def test_what_was_written_is_read(self, paths: list[str]) -> None:
        lines = [
            standard_line({"date": "2026-01-01", "time": f"00:00:0{i}", "cs-uri-stem": "/" + path})
            for i, path in enumerate(paths)
        ]
        log = read_cloudfront((HEAD + "".join(lines)).encode())
        assert log["uri"].tolist() == ["/" + path for path in paths]

    def test_a_log_without_requests_is_empty(self) -> None:
        assert len(read_cloudfront(HEAD.encode())) == 0


class TestRealTimeRecords:
    def test_fields_come_from_the_configuration(self) -> None:
        fields = ("timestamp", "sc-status", "cs-host", "cs-uri-stem", "x-host-header", "c-country",
                  "cache-behavior-path-pattern", "origin-fbl")  # fmt: skip
        values = dict(
            zip(fields, ("1577880000.250", "200", "www.a.org", "/a?x=1", "d1.cloudfront.net", "DE",
                         "*", "0.125"), strict=True)
        )  # fmt: skip
        records = realtime_line(values, fields) + realtime_line(
            {**values, "cs-uri-stem": "/b", "origin-fbl": ""}, fields
        )
        log = read_cloudfront(records.encode(), fields=fields)
        assert log.loc[0, "time"] == pd.Timestamp("2020-01-01T12:00:00.25Z")
        assert log["uri"].tolist() == ["/a", "/b"]
        assert log["query"].tolist() == ["x=1", ""]
        assert log.loc[0, ["host", "domain", "country", "behaviour"]].tolist() == [
            "www.a.org", "d1.cloudfront.net", "DE", "*",
        ]  # fmt: skip
        assert log["origin_first_byte"].fillna(-1).tolist() == [0.125, -1]


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"time,uri\n1,2\n", "does not begin with '#Version'"),
            (b"#Version: 1.0\n2026-01-01\n", "0 different '#Fields' lines"),
            (b"#Fields: date\n#Fields: time\n", "2 different '#Fields' lines"),
            (b"#Fields: x y\n1\t2\n", "no known field"),
            (b"#Fields: cs-uri-stem\n/a\n", "the log has no time"),
            (gzip.compress(GUIDE)[:-20], "is damaged"),
            (GUIDE + b"2019-12-13\tnoon\n", "bytes: "),
        ],
        ids=["CSV", "no fields", "two heads", "unknown", "no time", "damaged", "broken line"],
    )
    def test_what_is_no_access_log(self, content: bytes, said: str) -> None:
        with pytest.raises(TraceError) as caught:
            read_cloudfront(content)
        assert said in str(caught.value)

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(TraceError, match="there is no file or folder"):
            read_cloudfront(tmp_path / "none")
        with pytest.raises(TraceError, match="has no file"):
            read_cloudfront(tmp_path)
        with pytest.raises(TraceError, match="no access log is given"):
            read_cloudfront([])


def test_every_field_of_a_standard_log_but_field_level_encryption_is_read() -> None:
    log = read_cloudfront(GUIDE)
    assert len(log.columns) == len(STANDARD_FIELDS) - 2 - 1 + 2  # date and time are one; 2 are ours
