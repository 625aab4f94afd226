"""The URLs of the developer pages, under `/docs/`."""

from django.urls import path

from chartero.docs import requesting, views

app_name = "docs"
urlpatterns = [
    path("", views.page, name="start"),
    path("sync.py", views.program, {"name": "sync.py"}, name="sync"),
    path("receive.py", views.program, {"name": "receive.py"}, name="receive"),
    path("search/", views.search, name="search"),
    path("request-access/", requesting.request_access, name="access"),
    path("request-access/sent/", requesting.sent, name="access_sent"),
    path("<slug:slug>/", views.page, name="page"),
]
