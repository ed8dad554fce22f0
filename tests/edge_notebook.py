"""A notebook connected to the tests' engine, with a distribution of a bucket."""

from __future__ import annotations

from typing import Any

from engine_fixtures import Engine
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.edge.distribution import Distribution
from lambda_nb.notebook.edge.obtaining import distribution

PAGE = b"<h1>hello</h1>"
STAMP = """
def handler(event, context):
    response = event["Records"][0]["cf"]["response"]
    response["headers"]["x-stamp"] = [{"key": "X-Stamp", "value": "WORD"}]
    return response
"""


class EdgeNotebook:
    """Runs cells; each test has a bucket and a distribution of its own, of the same name."""

    def __init__(self, shell: InteractiveShell, engine: Engine) -> None:
        self.shell = shell
        self.engine = engine
        self.name = engine.name("site")
        self.s3 = engine.client("s3")
        self.cloudfront = engine.client("cloudfront")
        self.lambda_ = engine.client()
        self.s3.create_bucket(Bucket=self.name)
        self.put("index.html", PAGE)

    def put(self, key: str, body: bytes) -> None:
        """Put a page into the bucket."""
        self.s3.put_object(Bucket=self.name, Key=key, Body=body, ContentType="text/html")

    def site(self, origin: Any = "", **options: Any) -> Distribution:
        """The distribution, of the bucket if no other origin is given."""
        client = self.engine.client()
        return distribution(self.name, origin or f"s3://{self.name}", client=client, **options)

    def value(self, cell: str) -> Any:
        """Run a cell; its value."""
        result: Any = self.shell.run_cell(cell)  # type: ignore[no-untyped-call]
        result.raise_error()
        return result.result

    def stamp(self, name: str, word: str, options: str = "") -> str:
        """Make a Lambda@Edge function that stamps responses; what its cell shows."""
        line = f"%%lambda {name} --edge viewer-response --distribution {self.name} {options}"
        return repr(self.value(line + STAMP.replace("WORD", word)))
