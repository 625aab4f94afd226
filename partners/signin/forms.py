"""The forms of sign-in. The lockout counts every failure."""

from typing import Any

import django_otp
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from partners.signin.base import change_by, person
from partners.signin.guards import lockout, second_factor, sessions, totp
from partners.signin.models import Phone

DIGITS = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
WORDS = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}


class CodeInput(forms.PasswordInput):
    """A text field whose value is not rendered again with the page."""

    input_type = "text"  # a code is short-lived, so people may see what they type


class SignInForm(AdminAuthenticationForm):
    """Name and password of a member of staff. One message covers every mistake, so it reveals no accounts."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "The name or password is wrong, or the account isn't for staff. Both are case-sensitive.",
    }

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse a person who isn't staff, as if the password were wrong."""
        if not user.is_staff:
            lockout.count(self.request, user.get_username())
        super().confirm_login_allowed(user)


class PasswordForm(forms.Form):
    """The password of a person who is already signed in. A valid form notes the proof in the session."""

    FIELD = "proof_of_password"

    proof_of_password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request = request

    def clean_proof_of_password(self) -> str:
        """Check the password; the lockout counts a wrong one."""
        password: str = self.cleaned_data[self.FIELD]
        username = person(self.request).get_username()
        if authenticate(self.request, username=username, password=password) is None:
            raise ValidationError("This password is wrong. Try again.", code="wrong_password")
        sessions.note_proof(self.request.session)
        return password


class SecondStepForm(forms.Form):
    """A code that proves the second factor. A valid form has used the code. Subclasses implement `accepts()`."""

    wrong = ""

    def __init__(self, request: HttpRequest, phone: Phone, data: Any = None) -> None:
        super().__init__(data)
        self.request, self.phone, self.user = request, phone, person(request)

    def clean_code(self) -> str:
        """Use the code, or count a failure."""
        code: str = self.cleaned_data["code"]
        if not self.accepts(code):
            lockout.count(self.request, self.user.get_username())
            raise ValidationError(self.wrong, code="wrong_code")
        return code

    def accepts(self, code: str) -> bool:
        """Return True if the code is right, and use it."""
        raise NotImplementedError


class CodeForm(SecondStepForm):
    """A code from the authenticator app, accepted once."""

    wrong = "This code is wrong or was already used. Wait for the next code and enter it."
    code = forms.CharField(label="Code", max_length=20, widget=CodeInput(attrs=DIGITS))

    def clean_code(self) -> str:
        """Refuse a code that comes too soon, without counting it as a failure: it may have been right."""
        if wait := self.phone.seconds_to_wait():
            raise ValidationError(f"Too many wrong codes. Wait {wait} s, then enter a new one.", code="too_soon")
        return super().clean_code()

    def accepts(self, code: str) -> bool:
        return django_otp.verify_token(self.user, self.phone.persistent_id, code) is not None


class RecoveryForm(SecondStepForm):
    """A recovery code. It is too long to guess, so there are no waits after wrong ones."""

    wrong = "This isn't one of your unused recovery codes. Compare it with your list."
    code = forms.CharField(label="Recovery code", max_length=60, widget=CodeInput(attrs=WORDS))

    def accepts(self, code: str) -> bool:
        return second_factor.use_recovery_code(self.user, change_by(self.request), code)


class EnrolForm(forms.Form):
    """The first code from a phone that is being set up: it shows that the phone has the secret."""

    code = forms.CharField(label="Code", max_length=20, widget=CodeInput(attrs=DIGITS))

    def __init__(self, seed: str, data: Any = None) -> None:
        super().__init__(data)
        self.seed = seed

    def clean_code(self) -> int:
        """Return the time step of the code."""
        step = totp.matching_step(self.seed, self.cleaned_data["code"])
        if step is None:
            message = "This code doesn't match. Wait for the next one, and check that the phone's clock is right."
            raise ValidationError(message, code="wrong_code")
        return step


class ResetForm(forms.Form):
    """What a superuser resets for a person, and why."""

    second_factor = forms.BooleanField(
        required=False,
        label="Second factor",
        help_text="For a lost phone without recovery codes. They set up a new phone the next time they sign in.",
    )
    lockout = forms.BooleanField(
        required=False, label="Lockout", help_text="Clear the failed attempts from every address."
    )
    password = forms.BooleanField(
        required=False,
        label="Password",
        help_text="Set a new password, shown to you only once, and end all their sessions.",
    )
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), help_text="How you verified their identity.")
    ticket = forms.CharField(required=False, max_length=100)
