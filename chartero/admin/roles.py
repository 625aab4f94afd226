"""Roles: who may do what. They are shown and not edited: each migration gives the built-in ones their permissions."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from chartero.admin.base import SuperuserOnly, for_superusers
from chartero.roles import ABILITIES, SUPERUSERS_ONLY, Role
from partners.admin.base import render
from partners.admin.lists.model_admin import get_by_pk

SHOWN = 100


@admin.register(Group)
class RoleAdmin(SuperuserOnly):
    """Roles. Our own pages replace Django's, at the same URLs."""

    def offered(self, request: HttpRequest) -> set[str]:
        return set()

    def show_list(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return index(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return show(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:auth_group_change", object_id)


@dataclass(frozen=True, slots=True)
class Ability:
    """Something that people may do, and for each role if its people may."""

    words: str
    allowed: list[tuple[str, bool]]


@for_superusers
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show who may do what: a row for each ability, a column for each role."""
    groups = sorted(_groups(), key=_place)
    held = {group.name: _permissions(group) for group in groups}
    abilities = [
        Ability(words, [*((name, permission in held[name]) for name in held), ("Superuser", True)])
        for permission, words in ABILITIES.items()
    ]
    abilities.append(Ability(SUPERUSERS_ONLY, [*((name, False) for name in held), ("Superuser", True)]))
    superusers = User.objects.filter(is_active=True, is_superuser=True).count()
    roles = [(group, _says(group)) for group in groups]
    template = "accounts/roles.html"
    return render(request, template, title="Roles", roles=roles, abilities=abilities, superusers=superusers)


@for_superusers
@require_safe
def show(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show what one role may do, and who has it."""
    group = get_by_pk(_groups(), object_id)
    return render(
        request,
        "accounts/role.html",
        title=group.name,
        group=group,
        says=_says(group),
        abilities=_words(group),
        people=group.user_set.filter(is_active=True).order_by("username")[:SHOWN],
    )


def _groups() -> QuerySet[Group]:
    people = Count("user", filter=Q(user__is_active=True))
    return Group.objects.annotate(people=people).prefetch_related("permissions__content_type")


def _place(group: Group) -> tuple[int, str]:
    """Return where a role is in the table: the built-in ones first, from the least to the most."""
    built_in = [role.group_name for role in Role]
    return (built_in.index(group.name) if group.name in built_in else len(built_in), group.name)


def _says(group: Group) -> str:
    return next((role.says for role in Role if role.group_name == group.name), "")


def _permissions(group: Group) -> dict[str, str]:
    """Return the permissions of a group as `app.codename`, each with Django's name for it."""
    rows: Iterable[Any] = group.permissions.all()
    return {f"{row.content_type.app_label}.{row.codename}": row.name for row in rows}


def _words(group: Group) -> list[str]:
    held = _permissions(group)
    known = [words for permission, words in ABILITIES.items() if permission in held]
    return known + sorted(name for permission, name in held.items() if permission not in ABILITIES)
