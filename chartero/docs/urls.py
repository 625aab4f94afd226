"""The URLs of the developer pages, under `/docs/`."""

from django.urls import path

from chartero.docs import views

app_name = "docs"
urlpatterns = [
    path("", views.page, name="start"),
    path("sync.py", views.sync, name="sync"),
    path("search/", views.search, name="search"),
    path("<slug:slug>/", views.page, name="page"),
]
