"""The headers that tell who asks."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest

from lambda_nb.rules.edge.viewer import viewer_headers
from lambda_nb.rules.edge.viewer.viewer_headers import Asker, Place

ASKER = Asker(
    ip="198.51.100.10",
    port=46532,
    country="us",
    protocol="https",
    http_version="HTTP/2.0",
    user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    uri="/a%20b",
    querystring="c=d",
    header_names=("Host", "User-Agent", "Accept", "Accept-Encoding"),
    tls="TLSv1.3:TLS_AES_128_GCM_SHA256:sessionResumed",
    place=Place(
        country_name="United States",
        region="MI",
        region_name="Michigan",
        city="Ann Arbor",
        postal_code="48105",
        metro_code="505",
        latitude=42.3,
        longitude=-83.7,
        time_zone="America/Detroit",
        asn="64496",
    ),
)


def test_every_header_of_the_guide() -> None:
    assert dict(viewer_headers.added(ASKER, set(viewer_headers.NAMES))) == {
        "CloudFront-Is-Android-Viewer": "false",
        "CloudFront-Is-Desktop-Viewer": "true",
        "CloudFront-Is-IOS-Viewer": "false",
        "CloudFront-Is-Mobile-Viewer": "false",
        "CloudFront-Is-SmartTV-Viewer": "false",
        "CloudFront-Is-Tablet-Viewer": "false",
        "CloudFront-Viewer-Address": "198.51.100.10:46532",
        "CloudFront-Viewer-ASN": "64496",
        "CloudFront-Viewer-Country": "US",
        "CloudFront-Viewer-City": "Ann Arbor",
        "CloudFront-Viewer-Country-Name": "United States",
        "CloudFront-Viewer-Country-Region": "MI",
        "CloudFront-Viewer-Country-Region-Name": "Michigan",
        "CloudFront-Viewer-Latitude": "42.30000",
        "CloudFront-Viewer-Longitude": "-83.70000",
        "CloudFront-Viewer-Metro-Code": "505",
        "CloudFront-Viewer-Postal-Code": "48105",
        "CloudFront-Viewer-Time-Zone": "America/Detroit",
        "CloudFront-Viewer-Header-Order": "Host:User-Agent:Accept:Accept-Encoding",
        "CloudFront-Viewer-Header-Count": "4",
        "CloudFront-Viewer-TLS": "TLSv1.3:TLS_AES_128_GCM_SHA256:sessionResumed",
        "CloudFront-Error-Uri": "/a%20b",
        "CloudFront-Error-Args": "c=d",
        "CloudFront-Forwarded-Proto": "https",
        "CloudFront-Viewer-Http-Version": "2.0",
    }


def test_only_what_is_wanted() -> None:
    assert viewer_headers.added(ASKER, set()) == []
    assert viewer_headers.added(ASKER, {"cloudfront-viewer-city", "x-other"}) == [
        ("CloudFront-Viewer-City", "Ann Arbor")
    ]


def test_what_is_not_known_is_left_out() -> None:
    unknown = replace(ASKER, country="", tls="", place=Place())
    told = [name for name, _ in viewer_headers.added(unknown, set(viewer_headers.NAMES))]
    assert [name for name in told if name.startswith("CloudFront-Viewer")] == [
        "CloudFront-Viewer-Address",
        "CloudFront-Viewer-Header-Order",
        "CloudFront-Viewer-Header-Count",
        "CloudFront-Viewer-Http-Version",
    ]


def test_the_equator_is_known() -> None:
    equator = replace(ASKER, place=Place(latitude=0.0))
    assert viewer_headers.added(equator, {"cloudfront-viewer-latitude"}) == [
        ("CloudFront-Viewer-Latitude", "0.00000")
    ]


def test_other_scripts_are_percent_encoded() -> None:
    there = replace(ASKER, place=Place(city="São Paulo"))
    assert viewer_headers.added(there, {"cloudfront-viewer-city"}) == [
        ("CloudFront-Viewer-City", "S%C3%A3o Paulo")
    ]


def test_the_order_of_headers_is_cut_off() -> None:
    many = replace(ASKER, header_names=("X" * 99,) * 200)
    ((_, order),) = viewer_headers.added(many, {"cloudfront-viewer-header-order"})
    assert len(order) == 7680


@pytest.mark.parametrize(
    ("user_agent", "kinds"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36", {"desktop"}),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1", {"desktop"}),
        ("curl/8.14.1", {"desktop"}),
        ("", {"desktop"}),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Mobile/15E148 Safari/604.1",
            {"ios", "mobile"},
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148 Safari/604.1",
            {"ios", "mobile", "tablet"},
        ),
        ("Mozilla/5.0 (Linux; Android 10; K) Chrome/140.0 Mobile Safari/537.36", {"android", "mobile"}),  # noqa: E501
        ("Mozilla/5.0 (Linux; Android 14; SM-X910) Chrome/140.0 Safari/537.36", {"android", "tablet"}),  # noqa: E501
        ("Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 TV Safari/537.36", {"smart_tv"}),  # noqa: E501
        ("Mozilla/5.0 (Linux; Android 9; AFTMM) AppleWebKit/537.36 Mobile Safari", {"android", "smart_tv"}),  # noqa: E501
        ("Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 Chrome/94.0", {"smart_tv"}),
    ],
)  # fmt: skip
def test_devices(user_agent: str, kinds: set[str]) -> None:
    names = ("android", "desktop", "ios", "mobile", "smart_tv", "tablet")
    found = viewer_headers.device(user_agent)
    assert {name for name, is_so in zip(names, astuple(found), strict=True) if is_so} == kinds
