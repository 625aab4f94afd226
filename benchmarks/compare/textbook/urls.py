"""The two routes that are measured."""

from django.urls import path

from benchmarks.compare.textbook.views import EncounterViewSet

urlpatterns = [
    path("external/v1/encounters", EncounterViewSet.as_view({"get": "list"})),
    path("external/v1/encounters/<str:encounter_id>", EncounterViewSet.as_view({"get": "retrieve"})),
]
