"""CloudFront's edge locations: where they are, and in which Region their functions run.

Codes, cities and coordinates: the airports after which CloudFront names its locations, from the
lists "Amazon CloudFront Global Edge Network" and tobilg/aws-edge-locations (May 2025). They are
those that a log's ``x-edge-location`` begins with (CloudFront Developer Guide, "Standard logging
reference").

Lambda@Edge functions run in the Regions of regional edge caches; these are the thirteen that the
guide's page "Use Amazon CloudFront Origin Shield" lists (2026). A location uses the nearest, except
where that page's second table names another for its Region (Cape Town: Ireland; Hong Kong:
Singapore; Paris and Stockholm: London; Canada: Virginia). AWS does not publish the mapping itself.
"""

from __future__ import annotations

from typing import NamedTuple

PRICE_AREAS = {
    "NA": "United States, Mexico and Canada",
    "EU": "Europe, Israel and Türkiye",
    "ME": "South Africa, Kenya, Nigeria and Middle East",
    "SA": "South America",
    "JP": "Japan",
    "AU": "Australia and New Zealand",
    "AP": "Hong Kong, Indonesia, Philippines, Singapore, South Korea, Taiwan, Thailand, Malaysia "
    "and Vietnam",
    "IN": "India",
}
"""The columns of CloudFront's price list (aws.amazon.com/cloudfront/pricing, 2026)."""


class EdgeLocation(NamedTuple):
    """One edge location.

    Attributes
    ----------
    code
        Its airport's, such as ``FRA``.
    city, country
        Its city; its country's code of ISO 3166-1.
    latitude, longitude
        Degrees north and east.
    region
        The Region whose regional edge cache it uses, and where its functions run.
    area
        Its column of the price list, a key of :data:`PRICE_AREAS`.
    """

    code: str
    city: str
    country: str
    latitude: float
    longitude: float
    region: str
    area: str

    @property
    def pop(self) -> str:
        """What logs and ``X-Amz-Cf-Pop`` call it: the code with a number that means nothing."""
        return f"{self.code}56-P1"


class UnknownLocationError(ValueError):
    """There is no such edge location, or no such place."""


_TABLE = (
    EdgeLocation("ATL", "Atlanta", "US", 33.64, -84.43, "us-east-2", "NA"),
    EdgeLocation("BOS", "Boston", "US", 42.36, -71.01, "us-east-1", "NA"),
    EdgeLocation("ORD", "Chicago", "US", 41.98, -87.90, "us-east-2", "NA"),
    EdgeLocation("DFW", "Dallas", "US", 32.90, -97.04, "us-east-2", "NA"),
    EdgeLocation("DEN", "Denver", "US", 39.86, -104.67, "us-west-2", "NA"),
    EdgeLocation("IAH", "Houston", "US", 29.98, -95.34, "us-east-2", "NA"),
    EdgeLocation("LAX", "Los Angeles", "US", 33.94, -118.41, "us-west-2", "NA"),
    EdgeLocation("MIA", "Miami", "US", 25.79, -80.29, "us-east-1", "NA"),
    EdgeLocation("MSP", "Minneapolis", "US", 44.88, -93.22, "us-east-2", "NA"),
    EdgeLocation("YUL", "Montreal", "CA", 45.47, -73.74, "us-east-1", "NA"),
    EdgeLocation("JFK", "New York", "US", 40.64, -73.78, "us-east-1", "NA"),
    EdgeLocation("EWR", "Newark", "US", 40.69, -74.17, "us-east-1", "NA"),
    EdgeLocation("PHX", "Phoenix", "US", 33.44, -112.01, "us-west-2", "NA"),
    EdgeLocation("HIO", "Portland", "US", 45.54, -122.95, "us-west-2", "NA"),
    EdgeLocation("QRO", "Queretaro", "MX", 20.62, -100.19, "us-east-2", "NA"),
    EdgeLocation("SFO", "San Francisco", "US", 37.62, -122.38, "us-west-2", "NA"),
    EdgeLocation("SEA", "Seattle", "US", 47.45, -122.31, "us-west-2", "NA"),
    EdgeLocation("YTO", "Toronto", "CA", 43.68, -79.63, "us-east-1", "NA"),
    EdgeLocation("YVR", "Vancouver", "CA", 49.19, -123.18, "us-west-2", "NA"),
    EdgeLocation("IAD", "Washington", "US", 38.94, -77.46, "us-east-1", "NA"),
    EdgeLocation("CMH", "Columbus", "US", 40.00, -82.89, "us-east-2", "NA"),
    EdgeLocation("BOG", "Bogota", "CO", 4.70, -74.15, "us-east-1", "SA"),
    EdgeLocation("EZE", "Buenos Aires", "AR", -34.82, -58.54, "sa-east-1", "SA"),
    EdgeLocation("LIM", "Lima", "PE", -12.02, -77.11, "sa-east-1", "SA"),
    EdgeLocation("GIG", "Rio de Janeiro", "BR", -22.81, -43.25, "sa-east-1", "SA"),
    EdgeLocation("SCL", "Santiago", "CL", -33.39, -70.79, "sa-east-1", "SA"),
    EdgeLocation("GRU", "Sao Paulo", "BR", -23.44, -46.47, "sa-east-1", "SA"),
    EdgeLocation("AMS", "Amsterdam", "NL", 52.31, 4.76, "eu-west-2", "EU"),
    EdgeLocation("ATH", "Athens", "GR", 37.94, 23.94, "eu-central-1", "EU"),
    EdgeLocation("BRU", "Brussels", "BE", 50.90, 4.48, "eu-central-1", "EU"),
    EdgeLocation("OTP", "Bucharest", "RO", 44.57, 26.09, "eu-central-1", "EU"),
    EdgeLocation("BUD", "Budapest", "HU", 47.43, 19.26, "eu-central-1", "EU"),
    EdgeLocation("CPH", "Copenhagen", "DK", 55.62, 12.66, "eu-central-1", "EU"),
    EdgeLocation("DUB", "Dublin", "IE", 53.43, -6.26, "eu-west-1", "EU"),
    EdgeLocation("DUS", "Dusseldorf", "DE", 51.29, 6.77, "eu-central-1", "EU"),
    EdgeLocation("FRA", "Frankfurt", "DE", 50.04, 8.56, "eu-central-1", "EU"),
    EdgeLocation("HAM", "Hamburg", "DE", 53.63, 9.99, "eu-central-1", "EU"),
    EdgeLocation("HEL", "Helsinki", "FI", 60.32, 24.96, "eu-central-1", "EU"),
    EdgeLocation("LIS", "Lisbon", "PT", 38.78, -9.14, "eu-west-2", "EU"),
    EdgeLocation("LHR", "London", "GB", 51.48, -0.46, "eu-west-2", "EU"),
    EdgeLocation("MAD", "Madrid", "ES", 40.47, -3.56, "eu-west-2", "EU"),
    EdgeLocation("MAN", "Manchester", "GB", 53.35, -2.28, "eu-west-2", "EU"),
    EdgeLocation("MRS", "Marseille", "FR", 43.44, 5.22, "eu-central-1", "EU"),
    EdgeLocation("MXP", "Milan", "IT", 45.63, 8.73, "eu-central-1", "EU"),
    EdgeLocation("MUC", "Munich", "DE", 48.35, 11.79, "eu-central-1", "EU"),
    EdgeLocation("OSL", "Oslo", "NO", 60.19, 11.10, "eu-central-1", "EU"),
    EdgeLocation("CDG", "Paris", "FR", 49.01, 2.55, "eu-west-2", "EU"),
    EdgeLocation("PRG", "Prague", "CZ", 50.10, 14.26, "eu-central-1", "EU"),
    EdgeLocation("FCO", "Rome", "IT", 41.80, 12.24, "eu-central-1", "EU"),
    EdgeLocation("SOF", "Sofia", "BG", 42.70, 23.41, "eu-central-1", "EU"),
    EdgeLocation("ARN", "Stockholm", "SE", 59.65, 17.92, "eu-west-2", "EU"),
    EdgeLocation("TXL", "Berlin", "DE", 52.56, 13.29, "eu-central-1", "EU"),
    EdgeLocation("VIE", "Vienna", "AT", 48.11, 16.57, "eu-central-1", "EU"),
    EdgeLocation("WAW", "Warsaw", "PL", 52.17, 20.97, "eu-central-1", "EU"),
    EdgeLocation("ZAG", "Zagreb", "HR", 45.74, 16.07, "eu-central-1", "EU"),
    EdgeLocation("ZRH", "Zurich", "CH", 47.46, 8.55, "eu-central-1", "EU"),
    EdgeLocation("DXB", "Dubai", "AE", 25.25, 55.36, "me-central-1", "ME"),
    EdgeLocation("IST", "Istanbul", "TR", 41.26, 28.73, "eu-central-1", "EU"),
    EdgeLocation("BAH", "Manama", "BH", 26.27, 50.64, "me-central-1", "ME"),
    EdgeLocation("DOH", "Doha", "QA", 25.27, 51.61, "me-central-1", "ME"),
    EdgeLocation("TLV", "Tel Aviv", "IL", 32.01, 34.89, "me-central-1", "EU"),
    EdgeLocation("CAI", "Cairo", "EG", 30.11, 31.40, "me-central-1", "ME"),
    EdgeLocation("CPT", "Cape Town", "ZA", -33.96, 18.60, "eu-west-1", "ME"),
    EdgeLocation("JNB", "Johannesburg", "ZA", -26.14, 28.25, "eu-west-1", "ME"),
    EdgeLocation("LOS", "Lagos", "NG", 6.58, 3.32, "eu-central-1", "ME"),
    EdgeLocation("NBO", "Nairobi", "KE", -1.32, 36.93, "me-central-1", "ME"),
    EdgeLocation("BKK", "Bangkok", "TH", 13.69, 100.75, "ap-southeast-1", "AP"),
    EdgeLocation("BLR", "Bengaluru", "IN", 13.20, 77.71, "ap-south-1", "IN"),
    EdgeLocation("MAA", "Chennai", "IN", 12.99, 80.17, "ap-south-1", "IN"),
    EdgeLocation("DEL", "New Delhi", "IN", 28.56, 77.10, "ap-south-1", "IN"),
    EdgeLocation("HAN", "Hanoi", "VN", 21.22, 105.81, "ap-southeast-1", "AP"),
    EdgeLocation("SGN", "Ho Chi Minh City", "VN", 10.82, 106.65, "ap-southeast-1", "AP"),
    EdgeLocation("HKG", "Hong Kong", "HK", 22.31, 113.92, "ap-southeast-1", "AP"),
    EdgeLocation("HYD", "Hyderabad", "IN", 17.23, 78.43, "ap-south-1", "IN"),
    EdgeLocation("CGK", "Jakarta", "ID", -6.13, 106.66, "ap-southeast-1", "AP"),
    EdgeLocation("CCU", "Kolkata", "IN", 22.65, 88.45, "ap-south-1", "IN"),
    EdgeLocation("KUL", "Kuala Lumpur", "MY", 2.75, 101.71, "ap-southeast-1", "AP"),
    EdgeLocation("MNL", "Manila", "PH", 14.51, 121.02, "ap-southeast-1", "AP"),
    EdgeLocation("BOM", "Mumbai", "IN", 19.09, 72.87, "ap-south-1", "IN"),
    EdgeLocation("KIX", "Osaka", "JP", 34.43, 135.24, "ap-northeast-1", "JP"),
    EdgeLocation("ICN", "Seoul", "KR", 37.47, 126.45, "ap-northeast-2", "AP"),
    EdgeLocation("SIN", "Singapore", "SG", 1.35, 103.99, "ap-southeast-1", "AP"),
    EdgeLocation("TPE", "Taipei", "TW", 25.08, 121.23, "ap-southeast-1", "AP"),
    EdgeLocation("NRT", "Tokyo", "JP", 35.76, 140.39, "ap-northeast-1", "JP"),
    EdgeLocation("AKL", "Auckland", "NZ", -37.01, 174.79, "ap-southeast-2", "AU"),
    EdgeLocation("BNE", "Brisbane", "AU", -27.38, 153.12, "ap-southeast-2", "AU"),
    EdgeLocation("MEL", "Melbourne", "AU", -37.67, 144.84, "ap-southeast-2", "AU"),
    EdgeLocation("PER", "Perth", "AU", -31.94, 115.97, "ap-southeast-2", "AU"),
    EdgeLocation("SYD", "Sydney", "AU", -33.95, 151.18, "ap-southeast-2", "AU"),
)

LOCATIONS = {location.code: location for location in _TABLE}
"""Every edge location by its code."""


def location_of(code: str) -> EdgeLocation:
    """The edge location of a code in any case, or of a log's name such as ``FRA56-P1``.

    Raises
    ------
    UnknownLocationError
        There is none; says which are like it.

    Examples
    --------
    >>> location_of("nrt").city, location_of("FRA56-P1").region
    ('Tokyo', 'eu-central-1')
    """
    asked = code.strip().upper()
    found = LOCATIONS.get(asked[:3])
    if found is None or asked[3:4].isalpha():
        raise UnknownLocationError(
            f"there is no edge location {code.strip()!r}; {_like(asked)}give a code such as fra, "
            "iad or nrt"
        )
    return found


def _like(asked: str) -> str:
    by_city = [each for each in _TABLE if asked[:4] and each.city.upper().startswith(asked[:4])]
    by_code = [each for each in _TABLE if len(asked) == 3 and _same_letters(each.code, asked) == 2]
    told = [f"{each.code.lower()} ({each.city})" for each in (*by_city, *by_code)[:3]]
    return f"did you mean {' or '.join(told)}? Else " if told else ""


def _same_letters(one: str, other: str) -> int:
    return sum(a == b for a, b in zip(one, other, strict=False))


def parse_codes(text: str) -> tuple[str, ...]:
    """The codes of ``--edge-locations fra,iad,nrt``, in upper case, each once.

    Raises
    ------
    UnknownLocationError
        There is no such location, or none is given.

    Examples
    --------
    >>> parse_codes("fra, iad,fra")
    ('FRA', 'IAD')
    """
    codes = [location_of(code).code for code in text.split(",") if code.strip()]
    if not codes:
        raise UnknownLocationError("no edge location is given; give codes such as fra,iad,nrt")
    return tuple(dict.fromkeys(codes))
