"""Fields of access logs: AWS's own example, the encoding, the order."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge import log_fields as fields

# The values of the first line of the example on the guide's page "Standard logging reference".
EXAMPLE = {
    "date": "2019-12-04",
    "time": "21:02:31",
    "x-edge-location": "LAX1",
    "sc-bytes": "392",
    "c-ip": "192.0.2.100",
    "cs-method": "GET",
    "cs(Host)": "d111111abcdef8.cloudfront.net",
    "cs-uri-stem": "/index.html",
    "sc-status": "200",
    "cs(User-Agent)": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/78.0.3904.108",
    "x-edge-result-type": "Hit",
    "x-edge-request-id": "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==",
    "x-host-header": "d111111abcdef8.cloudfront.net",
    "cs-protocol": "https",
    "cs-bytes": "23",
    "time-taken": "0.001",
    "ssl-protocol": "TLSv1.2",
    "ssl-cipher": "ECDHE-RSA-AES128-GCM-SHA256",
    "x-edge-response-result-type": "Hit",
    "cs-protocol-version": "HTTP/2.0",
    "c-port": "11040",
    "time-to-first-byte": "0.001",
    "x-edge-detailed-result-type": "Hit",
    "sc-content-type": "text/html",
    "sc-content-len": "78",
}


class TestStandardLine:
    def test_the_guides_example(self) -> None:
        assert fields.standard_line(EXAMPLE) == (
            "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t"
            "/index.html\t200\t-\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20"
            "Chrome/78.0.3904.108\t-\t-\tHit\t"
            "SOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\t"
            "d111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\t"
            "ECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-\n"
        )

    def test_there_are_33_fields_and_two_lines_of_head(self) -> None:
        assert len(fields.STANDARD_FIELDS) == 33
        first, second, rest = fields.HEAD.split("\n")
        assert (first, rest) == ("#Version: 1.0", "")
        assert second.startswith(
            "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host)"
        )

    @pytest.mark.parametrize("sign", list("<>\"#%{}|\\^~[]`' \t\n\x7f"))
    def test_every_sign_of_the_guides_table_is_encoded(self, sign: str) -> None:
        assert fields.encoded(f"a{sign}b") == f"a%{ord(sign):02X}b"

    @given(st.text(st.characters(codec="utf-8"), min_size=1))
    def test_what_is_encoded_is_plain_and_can_be_read_again(self, text: str) -> None:
        written = fields.encoded(text)
        assert written.isascii()
        assert not set(written) & {"\t", "\n", " "}
        assert unquote(written) == text


class TestRealTimeRecord:
    def test_the_guides_example_of_the_order(self) -> None:
        chosen = {"c-country", "sc-bytes", "sc-status", "time-taken", "time-to-first-byte"}
        assert fields.realtime_order(chosen) == (
            "time-to-first-byte", "sc-status", "sc-bytes", "time-taken", "c-country",
        )  # fmt: skip

    def test_long_fields_end_at_800_bytes(self) -> None:
        values = {"cs-cookie": "c" * 2000, "cs-user-agent": "u" * 2000}
        agent, cookie = fields.realtime_line(values, ("cs-user-agent", "cs-cookie")).split("\t")
        assert (len(cookie), len(agent)) == (801, 2000)

    def test_players_say_what_they_are_in_the_query_or_in_headers(self) -> None:
        wanted = {"cmcd-object-type": "v", "cmcd-session-id": "a"}
        assert fields.cmcd_values("x=1&CMCD=ot%3Dv%2Csid%3D%22a%22", []) == wanted
        headers = [("CMCD-Object", "ot=v"), ("cmcd-session", 'sid="a"'), ("Host", "h")]
        assert fields.cmcd_values("", headers) == wanted

    def test_no_field_stands_twice(self) -> None:
        assert len(set(fields.REALTIME_FIELDS)) == len(fields.REALTIME_FIELDS)


class TestFiles:
    @pytest.mark.parametrize("prefix", ["example-prefix", "example-prefix/"])
    def test_a_slash_follows_the_prefix(self, prefix: str) -> None:
        key = fields.file_key(prefix, "E1", "2019-11-14-20", "R")
        assert key == "example-prefix/E1.2019-11-14-20.R.gz"

    def test_without_a_prefix_there_is_no_slash(self) -> None:
        assert fields.file_key("", "E1", "2019-11-14-20", "R") == "E1.2019-11-14-20.R.gz"

    @pytest.mark.parametrize(
        ("url", "headers", "logged"),
        [(8192, 20_480, True), (8193, 0, False), (10, 20_481, False)],
    )
    def test_too_large_requests_are_in_no_log(self, url: int, headers: int, logged: bool) -> None:
        assert fields.is_logged(url, headers) is logged
