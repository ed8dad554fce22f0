"""The site in FastAPI, unmodified behind Mangum."""

import base64

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from mangum import Mangum

app = FastAPI()
PICTURE = base64.b64decode("PICTURE")


@app.get("/", response_class=HTMLResponse)
def home():
    return """HOME"""


@app.get("/static/site.css")
def css():
    return Response("h1 { color: rgb(1, 2, 3) }", media_type="text/css")


@app.post("/items")
def add(name: str = Form()):
    answer = RedirectResponse("/items/3?from=form", status_code=303)
    answer.set_cookie("last", name)
    answer.set_cookie("second", "2")
    return answer


@app.get("/items/{number}", response_class=HTMLResponse)
def item(number: int, request: Request):
    last = request.cookies.get("last")
    return f"<p id=item>item {number} for {last} {request.url.query}</p>"


@app.get("/api/echo")
def query(request: Request):
    names = request.query_params
    return {name: names.getlist(name) for name in names}


@app.post("/api/echo")
async def body(request: Request):
    return JSONResponse(await request.json(), status_code=201)


@app.get("/picture.png")
def picture():
    return Response(PICTURE, media_type="image/png")


handler = Mangum(app, lifespan="off")
