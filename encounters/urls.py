"""The routes of the partner API that serve encounters, at the catalogue's paths."""

from django.urls import path

from encounters.api.change_views import ChangeViewSet
from encounters.api.document_views import DocumentViewSet
from encounters.api.filters import ChangeFilter, EncounterFilter
from encounters.api.serializers import (
    ChangePageSerializer,
    DocumentAnswerSerializer,
    DocumentAudioSerializer,
    DocumentTranscriptSerializer,
    EncounterAnswerSerializer,
    EncounterPageSerializer,
)
from encounters.api.views import EncounterViewSet
from partners.catalogue.routes import Route

urlpatterns = [
    path(
        Route.ENCOUNTERS_LIST.path,
        EncounterViewSet.as_view(
            {"get": "list"},
            route=Route.ENCOUNTERS_LIST,
            filterset_class=EncounterFilter,
            serializer_class=EncounterPageSerializer,
        ),
    ),
    path(
        Route.ENCOUNTERS_DETAIL.path,
        EncounterViewSet.as_view(
            {"get": "retrieve"}, route=Route.ENCOUNTERS_DETAIL, serializer_class=EncounterAnswerSerializer
        ),
    ),
    path(
        Route.DOCUMENTS_DETAIL.path,
        DocumentViewSet.as_view(
            {"get": "retrieve"}, route=Route.DOCUMENTS_DETAIL, serializer_class=DocumentAnswerSerializer
        ),
    ),
    path(
        Route.DOCUMENTS_TRANSCRIPT.path,
        DocumentViewSet.as_view(
            {"get": "transcript"}, route=Route.DOCUMENTS_TRANSCRIPT, serializer_class=DocumentTranscriptSerializer
        ),
    ),
    path(
        Route.DOCUMENTS_AUDIO.path,
        DocumentViewSet.as_view(
            {"get": "audio"}, route=Route.DOCUMENTS_AUDIO, serializer_class=DocumentAudioSerializer
        ),
    ),
    path(
        Route.CHANGES_LIST.path,
        ChangeViewSet.as_view(
            {"get": "list"},
            route=Route.CHANGES_LIST,
            filterset_class=ChangeFilter,
            serializer_class=ChangePageSerializer,
        ),
    ),
]
