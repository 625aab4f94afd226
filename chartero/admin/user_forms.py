"""The forms of users. Whoever has a role is staff, so no form asks for that."""

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm, UsernameField
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from chartero.roles import Role
from partners.admin.forms import ReasonForm
from partners.admin.lists.model_admin import is_pk
from partners.admin.lists.paging import LONGEST_SEARCH

PERSON = ("username", "first_name", "last_name", "email")
SUPERUSER, NONE = "superuser", "none"


class RolesField(forms.ModelMultipleChoiceField):
    """The chosen roles. What is too long to be a primary key is no choice; SQLite would fail at it."""

    def clean(self, value: Any) -> Any:
        for each in value or ():
            if not is_pk(each):
                raise ValidationError(self.error_messages["invalid_choice"], "invalid_choice", {"value": each})
        return super().clean(value)


class RoleBoxes(ReasonForm):
    """The boxes of the roles, with what each role may do."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["groups"].queryset = Group.objects.order_by("pk")  # type: ignore[attr-defined]

    @property
    def role_boxes(self) -> list[tuple[forms.boundfield.BoundWidget, str]]:
        """Return the box of each role, and what the role may do."""
        says = {role.group_name: role.says for role in Role}
        return [(box, says.get(str(box.choice_label), "")) for box in self["groups"]]


class _Fields:
    """How the fields of a user are named and explained, on both pages."""

    model = User
    field_classes = {"username": UsernameField, "groups": RolesField}
    widgets = {"groups": forms.CheckboxSelectMultiple}
    labels = {
        "username": "Name to sign in",
        "first_name": "First name (optional)",
        "last_name": "Last name (optional)",
        "email": "E-mail (optional)",
        "groups": "Role",
        "is_superuser": "Superuser",
        "is_active": "Can sign in",
    }
    help_texts = {
        "username": "Recorded with every change that this person makes.",
        "groups": "",
        "is_superuser": "May do everything, and manages users.",
        "is_active": "Clear this when the person leaves. It ends all their sessions.",
    }


class UserForm(RoleBoxes, forms.ModelForm):
    """Change a user, with a reason."""

    class Meta(_Fields):
        fields = (*PERSON, "groups", "is_superuser", "is_active")


class NewUserForm(RoleBoxes, UserCreationForm):
    """Add a user with a role and a password, with a reason."""

    class Meta(_Fields):
        fields = (*PERSON, "groups", "is_superuser")

    def clean(self) -> None:
        """Require a role: without one, the new colleague would see nothing."""
        super().clean()
        given = self.cleaned_data
        if "groups" in given and not given["groups"] and not given.get("is_superuser"):
            self.add_error("groups", ValidationError("Choose a role.", code="role_required"))


class UserFilter(forms.Form):
    """Which users to show."""

    q = forms.CharField(
        required=False,
        max_length=LONGEST_SEARCH,
        label="Name or e-mail",
        widget=forms.TextInput({"type": "search"}),
    )
    role = forms.ChoiceField(required=False)
    state = forms.ChoiceField(required=False, choices=[("", "Any"), ("active", "Active"), ("inactive", "Inactive")])

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        groups = [(name, name) for name in Group.objects.order_by("pk").values_list("name", flat=True)]
        choices = [("", "Any"), *groups, (SUPERUSER, "Superuser"), (NONE, "None")]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]

    def users(self) -> QuerySet[User]:
        """Return the users. The form must be valid."""
        given, found = self.cleaned_data, User.objects.filter(_of_role(self.cleaned_data["role"]))
        if given["state"]:
            found = found.filter(is_active=given["state"] == "active")
        if given["q"]:
            found = found.filter(Q(*((f"{field}__icontains", given["q"]) for field in PERSON), _connector=Q.OR))
        return found

    @property
    def narrows(self) -> bool:
        """Return True if anything is searched or filtered for."""
        return any(self.data.get(name) for name in self.fields)


def _of_role(name: str) -> Q:
    if name == SUPERUSER:
        return Q(is_superuser=True)
    if name == NONE:
        return Q(groups=None, is_superuser=False)
    return Q(groups__name=name) if name else Q()
