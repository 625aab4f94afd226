"""The page where people change their own password. A wrong old password counts as a failure; the change is recorded."""

from typing import Any

from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy

from partners.models.change import Action, ChangeEvent
from partners.signin.base import change_by


class OwnPasswordForm(AdminPasswordChangeForm):
    """The old password, whose failures the lockout counts, and the new one twice."""

    def __init__(self, request: HttpRequest, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.request = request

    def clean_old_password(self) -> str:
        """Check the old password as at sign-in."""
        old: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=old) is None:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old


class OwnPasswordView(PasswordChangeView):
    """Change one's own password, which ends the person's other sessions."""

    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        """Save the new password and record the change. It is hashed before the transaction, which may block others."""
        user = form.save(commit=False)
        with transaction.atomic():
            after = {"username": user.get_username()}
            ChangeEvent.record(Action.PASSWORD_CHANGED, change_by(self.request), after=after)
            user.save()
        update_session_auth_hash(self.request, user)
        return HttpResponseRedirect(self.get_success_url())
