"""All URLs: the API under `/external/`, recordings, where keys are collected, public pages, scanning, staff pages."""

from django.contrib import admin
from django.urls import include, path, re_path

from chartero.docs import landing
from chartero.openapi.views import openapi
from encounters.recordings.views import recording
from partners.api.views import route_not_found
from partners.collecting.page import collect
from partners.leaks.scanning import github

handler400 = "chartero.web.bodies.bad_request"
handler500 = "chartero.web.unavailable.failed"
urlpatterns = [
    path("external/v1/", include("encounters.urls")),
    path("external/v1/", include("partners.urls")),
    re_path(r"\Aexternal(?:/[\s\S]*)?\Z", route_not_found),
    path("media/audio/<str:signed>", recording, name="recording"),
    path("collect/", collect, name="collect"),
    path("docs/", include("chartero.docs.urls")),
    path("openapi/v1/openapi.json", openapi, name="openapi"),
    path("secret-scanning/github", github, name="secret_scanning"),
    path("signin/", include("partners.signin.urls")),
    path("admin/", admin.site.urls),
    path(".well-known/security.txt", landing.security_txt, name="security_txt"),
    path("", landing.landing, name="landing"),
]
