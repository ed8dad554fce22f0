"""The site in Django, unmodified behind apig-wsgi."""

import base64
import json

from apig_wsgi import make_lambda_handler
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path

settings.configure(
    SECRET_KEY="for a test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
PICTURE = base64.b64decode("PICTURE")


def home(request):
    return HttpResponse("""HOME""")


def css(request):
    return HttpResponse("h1 { color: rgb(1, 2, 3) }", content_type="text/css")


def add(request):
    answer = HttpResponseRedirect("/items/3?from=form")
    answer.status_code = 303
    answer.set_cookie("last", request.POST["name"])
    answer.set_cookie("second", "2")
    return answer


def item(request, number):
    last = request.COOKIES.get("last")
    query = request.META["QUERY_STRING"]
    return HttpResponse(f"<p id=item>item {number} for {last} {query}</p>")


def echo(request):
    if request.method == "POST":
        return JsonResponse(json.loads(request.body), status=201)
    return JsonResponse({name: request.GET.getlist(name) for name in request.GET})


def picture(request):
    return HttpResponse(PICTURE, content_type="image/png")


urlpatterns = [
    path("", home),
    path("static/site.css", css),
    path("items", add),
    path("items/<int:number>", item),
    path("api/echo", echo),
    path("picture.png", picture),
]
handler = make_lambda_handler(get_wsgi_application(), binary_support=True)
