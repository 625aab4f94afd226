"""What is typed to sign in. Every failure is counted by the lockout."""

import threading
from typing import Any

import django_otp
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import authenticate
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse

from partners.signin.guards import lockout, second_factor, sessions, totp
from partners.signin.models import Phone
from partners.signin.pages import change_by, person

DIGITS = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
WORDS = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}


class CodeInput(forms.PasswordInput):
    """A field that shows what is typed, but does not repeat it in the answer."""

    input_type = "text"


class SignInForm(AdminAuthenticationForm):
    """Name and password of a member of staff; what is wrong is not told apart.

    One is judged at a time in each process: a password hash is slow on purpose, and runs where partners are served.
    """

    TURN = threading.Lock()
    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "busy": "Somebody else is signing in at this moment. Try again in a few seconds.",
        "invalid_login": "Name or password is wrong, or the account is not for staff. Capitals matter in both.",
    }

    def clean(self) -> dict[str, Any]:
        """Judge name and password, or refuse at once while others are judged: no thread waits for its turn."""
        if not self.TURN.acquire(blocking=False):
            raise ValidationError(self.error_messages["busy"], code="busy")
        try:
            return super().clean()
        finally:
            self.TURN.release()

    @classmethod
    def is_busy(cls, response: HttpResponse) -> bool:
        """Return True if a page shows that this sign-in was not judged."""
        form = (getattr(response, "context_data", None) or {}).get("form")
        return isinstance(form, cls) and form.has_error(NON_FIELD_ERRORS, "busy")

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse who is not staff, as if the password were wrong."""
        if not user.is_staff:
            lockout.count(self.request, user.get_username())
        super().confirm_login_allowed(user)


class PasswordForm(forms.Form):
    """The password of who is signed in already. A valid form has been noted as its proof."""

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
        """Prove it."""
        password: str = self.cleaned_data[self.FIELD]
        username = person(self.request).get_username()
        if authenticate(self.request, username=username, password=password) is None:
            raise ValidationError("This password is not right. Type it again.", code="wrong_password")
        sessions.note_proof(self.request.session)
        return password


class SecondStepForm(forms.Form):
    """A code that proves the second factor. A valid form has used it up. Subclasses give `accepts()`."""

    wrong = ""

    def __init__(self, request: HttpRequest, phone: Phone, data: Any = None) -> None:
        super().__init__(data)
        self.request, self.phone, self.user = request, phone, person(request)

    def clean_code(self) -> str:
        """Use it up, or count a failure."""
        code: str = self.cleaned_data["code"]
        if not self.accepts(code):
            lockout.count(self.request, self.user.get_username())
            raise ValidationError(self.wrong, code="wrong_code")
        return code

    def accepts(self, code: str) -> bool:
        """Tell whether it is right."""
        raise NotImplementedError


class CodeForm(SecondStepForm):
    """A code of the authenticator app, which is accepted once."""

    wrong = "This code is not right, or was used before. Wait for the next one and type that."
    code = forms.CharField(label="Code", max_length=20, widget=CodeInput(attrs=DIGITS))

    def clean_code(self) -> str:
        """Refuse a guesser's haste, without counting it: the code may have been right."""
        if wait := self.phone.seconds_to_wait():
            raise ValidationError(f"Too many wrong codes. Wait {wait} s, then type a new one.", code="too_soon")
        return super().clean_code()

    def accepts(self, code: str) -> bool:
        """Ask the phone."""
        return django_otp.verify_token(self.user, self.phone.persistent_id, code) is not None


class RecoveryForm(SecondStepForm):
    """A recovery code. It is too long to be guessed, so the waits after wrong codes do not hold for it."""

    wrong = "This is none of your unused recovery codes. Compare it with your list."
    code = forms.CharField(label="Recovery code", max_length=60, widget=CodeInput(attrs=WORDS))

    def accepts(self, code: str) -> bool:
        """Look it up among the person's own."""
        return second_factor.use_recovery_code(self.user, change_by(self.request), code)


class EnrolForm(forms.Form):
    """The first code of a phone that is being set up: it shows that both know the same secret."""

    code = forms.CharField(label="Code", max_length=20, widget=CodeInput(attrs=DIGITS))

    def __init__(self, seed: str, data: Any = None) -> None:
        super().__init__(data)
        self.seed = seed

    def clean_code(self) -> int:
        """Return the time step of the code."""
        step = totp.matching_step(self.seed, self.cleaned_data["code"])
        if step is None:
            message = "This code does not match. Wait for the next one, and check that the phone's clock is right."
            raise ValidationError(message, code="wrong_code")
        return step


class ResetForm(forms.Form):
    """What a superuser resets for somebody, and why."""

    second_factor = forms.BooleanField(
        required=False,
        label="Second factor",
        help_text="For a lost phone without recovery codes. They set up a new one when they next sign in.",
    )
    lockout = forms.BooleanField(
        required=False, label="Lockout", help_text="Forget the failed attempts, at every address."
    )
    password = forms.BooleanField(
        required=False,
        label="Password",
        help_text="Make a new one, shown to you once, and end all their sessions.",
    )
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), help_text="How you know that it is really them who ask."
    )
    ticket = forms.CharField(required=False, max_length=100)
