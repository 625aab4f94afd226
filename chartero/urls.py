"""Every URL: the partner API under `/external/`, the admin, and signing in to it."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from partners.api import route_not_found

urlpatterns = [
    path("external/v1/", include("encounters.urls")),
    re_path(r"\Aexternal(?:/[\s\S]*)?\Z", route_not_found),
    path("signin/", include("partners.signin.urls")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
