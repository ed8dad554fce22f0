"""The site with a resolver of Powertools: the one whose name stands in the environment."""

import base64
import os
from urllib.parse import parse_qs

from aws_lambda_powertools import event_handler
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie

RESOLVER = os.environ["RESOLVER"]
# A load balancer passes query values on as they were encoded.
settings = {"decode_query_parameters": True} if RESOLVER == "ALBResolver" else {}
app = getattr(event_handler, RESOLVER)(**settings)
PICTURE = base64.b64decode("PICTURE")


def html(text):
    return Response(200, content_type="text/html; charset=utf-8", body=text)


@app.get("/")
def home():
    return html("""HOME""")


@app.get("/static/site.css")
def css():
    return Response(200, content_type="text/css", body="h1 { color: rgb(1, 2, 3) }")


@app.post("/items")
def add():
    form = app.current_event.decoded_body or ""
    cookies = [Cookie("last", parse_qs(form)["name"][0], path="/"), Cookie("second", "2")]
    return Response(303, headers={"Location": "/items/3?from=form"}, cookies=cookies)


@app.get("/items/<number>")
def item(number):
    event = app.current_event
    cookies = "; ".join(event.get("cookies") or [])
    if not cookies:
        several = {k.lower(): v for k, v in (event.get("multiValueHeaders") or {}).items()}
        single = {k.lower(): v for k, v in (event.get("headers") or {}).items()}
        cookies = "; ".join(several.get("cookie", [])) or single.get("cookie", "")
    last = dict(one.split("=", 1) for one in cookies.split("; ") if one).get("last")
    sent_from = event.resolved_query_string_parameters["from"][0]
    return html(f"<p id=item>item {number} for {last} from={sent_from}</p>")


@app.get("/api/echo")
def query():
    return app.current_event.resolved_query_string_parameters


@app.post("/api/echo")
def body():
    return app.current_event.json_body, 201


@app.get("/picture.png")
def picture():
    return Response(200, content_type="image/png", body=PICTURE)


def handler(event, context):
    return app.resolve(event, context)
