"""A Chalice app: routes, an authorizer, a queue, a topic, and a function of its own."""

from chalice import AuthResponse, Chalice

app = Chalice(app_name="shop")


@app.authorizer()
def only_friends(request):
    routes = ["*"] if request.token == "friend" else []
    return AuthResponse(routes=routes, principal_id="somebody")


@app.route("/items/{name}", cors=True)
def item(name):
    return {"item": name}


@app.route("/private", authorizer=only_friends)
def private():
    return {"who": app.current_request.context["authorizer"]["principalId"]}


@app.on_sqs_message(queue="shop-orders", batch_size=1)
def order(event):
    for record in event:
        print("ordered", record.body)


@app.on_sns_message(topic="shop-news")
def news(event):
    print("heard", event.message)


@app.lambda_function()
def bare(event, context):
    return {"got": event}
