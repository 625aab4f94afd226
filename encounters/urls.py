"""The encounter routes of the partner API, at the catalogue's paths."""

from django.urls import path

from encounters.filters import EncounterFilter
from encounters.views import EncounterViewSet
from partners.routes import Route

urlpatterns = [
    path(
        Route.ENCOUNTERS_LIST.path,
        EncounterViewSet.as_view({"get": "list"}, route=Route.ENCOUNTERS_LIST, filterset_class=EncounterFilter),
    ),
    path(
        Route.ENCOUNTERS_DETAIL.path,
        EncounterViewSet.as_view({"get": "retrieve"}, route=Route.ENCOUNTERS_DETAIL),
    ),
]
