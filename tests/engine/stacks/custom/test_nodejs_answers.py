"""What AWS gives away for Node.js answers to a host name and a path, without a port."""

from __future__ import annotations

import json

from engine_fixtures import Ear, Engine, needs_program, zip_of

# As in CDK's handlers and in AWS's cfn-response module.
ANSWER = """
const { parse } = require("url");
const { request } = require("https");
exports.handler = (event) => new Promise((done, failed) => {
  const url = parse(event.ResponseURL);
  const headers = { "content-type": "", "content-length": 2 };
  const asked = { hostname: url.hostname, path: url.path, method: "PUT", headers };
  const sent = request(asked, (reply) => {
    reply.resume();
    done(reply.statusCode);
  });
  sent.on("error", (error) => done(error.code));
  sent.end("{}");
});
"""

pytestmark = needs_program("node")


def invoke(engine: Engine, name: str, url: str) -> object:
    """What the function says of its request."""
    event = json.dumps({"ResponseURL": url})
    answer = engine.client().invoke(FunctionName=name, Payload=event)
    return json.loads(answer["Payload"].read())


def test_it_reaches_the_port_of_the_events_address_and_no_other(engine: Engine, ear: Ear) -> None:
    name = engine.create("", Runtime="nodejs22.x", Code={"ZipFile": zip_of({"index.js": ANSWER})})
    mark = "cloudformation-custom-resource-response"
    assert invoke(engine, name, f"http://127.0.0.1:{ear.port}/other/x") == "ECONNREFUSED"
    told = invoke(engine, name, f"{engine.url}/{mark}/guessed")
    assert told == 403  # the engine answered, over the plain connection
    # An event cannot turn connections to other hosts elsewhere.
    assert invoke(engine, name, f"http://127.0.0.2:{ear.port}/{mark}/x") == "ECONNREFUSED"
    assert ear.heard == []
