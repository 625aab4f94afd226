"""One read-only viewset."""

from typing import Any

from django.db.models import Prefetch
from django.utils.dateparse import parse_datetime
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from benchmarks.compare.textbook.models import Document, Encounter, EncounterQuerySet
from benchmarks.compare.textbook.serializers import EncounterSerializer

DOCUMENTS = Document.objects.filter(withdrawn_at=None).order_by("created_at", "public_id")
BOUNDS = {"start_at": "created_at__gte", "end_at": "created_at__lt"}


class EncounterPagination(LimitOffsetPagination):
    """DRF's pagination, in the names of the contract."""

    default_limit, max_limit = 50, 100

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"items": data, "limit": self.limit, "offset": self.offset, "total": self.count})


class EncounterViewSet(ReadOnlyModelViewSet):
    """Read encounters of the key's organization."""

    serializer_class = EncounterSerializer
    pagination_class = EncounterPagination
    lookup_field, lookup_url_kwarg = "public_id", "encounter_id"
    required_scopes = ("encounters:read", "patients:read", "documents:read")

    def get_queryset(self) -> EncounterQuerySet:
        bounds = {
            lookup: parse_datetime(self.request.query_params[name])
            for name, lookup in BOUNDS.items()
            if name in self.request.query_params
        }
        encounters = Encounter.objects.served().filter(organization=self.request.partner_key.organization_id, **bounds)
        related = encounters.select_related("organization", "patient")
        return related.prefetch_related(Prefetch("documents", DOCUMENTS)).order_by("-created_at", "-public_id")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response({"encounter": self.get_serializer(self.get_object()).data})
