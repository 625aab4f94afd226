"""Users: the list, the page of one user, and the page that adds one."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from chartero.admin.base import SuperuserOnly, for_superusers
from chartero.admin.user_forms import NewUserForm, UserFilter, UserForm
from partners.admin.base import render
from partners.admin.lists.model_admin import get_by_pk
from partners.admin.lists.paging import BoundedPaginator
from partners.signin import account_changes
from partners.signin.guards.freshness import fresh_password
from partners.signin.models import Phone, RecoveryCode

PER_PAGE = 25
PAGE = "admin:auth_user_change"


@admin.register(User)
class StaffAdmin(SuperuserOnly):
    """Users and their roles. Users who leave are made inactive."""

    def offered(self, request: HttpRequest) -> set[str]:
        return {*UserFilter.base_fields, "page"}

    def show_list(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return index(request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return add(request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        return change(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return redirect(PAGE, object_id)


@for_superusers
def index(request: HttpRequest) -> HttpResponse:
    """List the users by name, with role, second factor and last sign-in."""
    form = UserFilter(request.GET, label_suffix="")
    found = form.users() if form.is_valid() else User.objects.none()
    users = found.order_by("username").prefetch_related("groups")
    page = BoundedPaginator(users, PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    phones = set(Phone.objects.filter(user__in=rows).values_list("user", flat=True))
    return render(
        request,
        "accounts/users.html",
        title="Users",
        form=form,
        page=page,
        rows=[(user, user.pk in phones) for user in rows],
        required=settings.SECOND_FACTOR,
    )


@for_superusers
@fresh_password
def add(request: HttpRequest) -> HttpResponse:
    """Add a user, who can sign in at once. A form with a password in it is not carried through a confirmation."""
    form = NewUserForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        user = _save(request, form)
        messages.success(request, f"Added: {user} can sign in now. Share the name and the password securely.")
        return redirect(PAGE, user.pk)
    return render(request, "accounts/user_add.html", title="New user", form=form, required=settings.SECOND_FACTOR)


@for_superusers
def change(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show one user: how they sign in, and the form that changes them."""
    user = get_by_pk(User.objects.all(), object_id)
    form = UserForm(request.POST if request.method == "POST" else None, instance=user)
    if form.is_valid():
        _save(request, form)
        messages.success(request, "Saved.")
        return redirect(PAGE, user.pk)
    shown = User.objects.prefetch_related("groups").get(pk=user.pk)  # the form has put its values into the other one
    return render(
        request,
        "accounts/user.html",
        title=shown.username,
        person=shown,
        form=form,
        phone=Phone.of(shown),
        codes_left=RecoveryCode.left(shown).count(),
        required=settings.SECOND_FACTOR,
    )


def _save(request: HttpRequest, form: UserForm | NewUserForm) -> User:
    """Save the user with the roles, and record it. A password is hashed before the transaction, which may block others.

    The row is locked first, so that the old state is the one replaced.
    """
    user: User = form.save(commit=False)
    user.is_staff = True
    with transaction.atomic():
        before = account_changes.of_user(User.objects.select_for_update().get(pk=user.pk)) if user.pk else None
        user.save()
        form.save_m2m()
        account_changes.record_user(user, form.change(request), before)
    return user
