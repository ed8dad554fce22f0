// The site in Express, unmodified behind serverless-express.
const serverlessExpress = require("@codegenie/serverless-express");
const express = require("express");

const app = express();
app.use(express.json());
app.use(express.urlencoded({ extended: false }));

app.get("/", (request, response) => response.send(`HOME`));
app.get("/static/site.css", (request, response) =>
  response.type("css").send("h1 { color: rgb(1, 2, 3) }"));
app.post("/items", (request, response) => {
  response.cookie("last", request.body.name);
  response.cookie("second", "2");
  response.redirect(303, "/items/3?from=form");
});
app.get("/items/:number", (request, response) => {
  const last = /last=([^;]*)/.exec(request.headers.cookie || "")?.[1];
  const query = request.url.split("?")[1];
  response.send(`<p id=item>item ${request.params.number} for ${last} ${query}</p>`);
});
app.get("/api/echo", (request, response) => {
  const names = Object.entries(request.query).map(([k, v]) => [k, [v].flat()]);
  response.json(Object.fromEntries(names));
});
app.post("/api/echo", (request, response) => response.status(201).json(request.body));
app.get("/picture.png", (request, response) =>
  response.type("png").send(Buffer.from("PICTURE", "base64")));
// The adapter's sockets lack what Express's own page for 404 needs (on AWS too).
app.use((request, response) => response.status(404).send("not here"));

exports.handler = serverlessExpress({ app });
