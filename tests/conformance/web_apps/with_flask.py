"""The site in Flask, unmodified behind serverless-wsgi."""

import base64

import serverless_wsgi
from flask import Flask, Response, jsonify, redirect, request

app = Flask(__name__)
PICTURE = base64.b64decode("PICTURE")
serverless_wsgi.TEXT_MIME_TYPES.append("application/custom+json")


@app.get("/")
def home():
    return """HOME"""


@app.get("/static/site.css")
def css():
    return Response("h1 { color: rgb(1, 2, 3) }", mimetype="text/css")


@app.post("/items")
def add():
    answer = redirect("/items/3?from=form", 303)
    answer.set_cookie("last", request.form["name"])
    answer.set_cookie("second", "2")
    return answer


@app.get("/items/<int:number>")
def item(number):
    last = request.cookies.get("last")
    return f"<p id=item>item {number} for {last} {request.query_string.decode()}</p>"


@app.get("/api/echo")
def query():
    return jsonify(request.args.to_dict(flat=False))


@app.post("/api/echo")
def body():
    return jsonify(request.get_json()), 201


@app.get("/picture.png")
def picture():
    return Response(PICTURE, mimetype="image/png")


def handler(event, context):
    return serverless_wsgi.handle_request(app, event, context)
