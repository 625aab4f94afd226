"""The route of the partner API that is about the caller's own key, at the catalogue's path."""

from django.urls import path

from partners.api.own_key import KeyAnswerSerializer, KeyViewSet
from partners.catalogue.routes import Route

urlpatterns = [
    path(
        Route.KEY_READ.path,
        KeyViewSet.as_view({"get": "retrieve"}, route=Route.KEY_READ, serializer_class=KeyAnswerSerializer),
    ),
]
