"""Partner organizations and the routes enabled for them."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from partners.catalogue.routes import Route
from partners.identifiers import PublicIdField
from partners.models.change import Action, Change, ChangeEvent
from partners.models.description import Described
from partners.models.limits import AT_LEAST_ONE, Limited
from partners.name_keys import TWIN, NameKeyField
from partners.names import holds_words, key, readable, tidy
from partners.text import printable

NAME_TAKEN = "There is an organization of this name already."
ROUTE_CHOICES = [(route.route_name, route.route_name) for route in Route.grantable()]


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Find organizations by name, regardless of case, composition and spacing."""

    def named(self, name: str) -> "OrganizationQuerySet":
        """Return those with this name. Older versions allowed more than one."""
        wanted = key(name)
        return self.filter(models.Q(name_key=wanted) | models.Q(name_key__startswith=f"{wanted}{TWIN}org_"))

    def named_like(self, text: str) -> "OrganizationQuerySet":
        return self.filter(holds_words("name_key", text))

    def twins(self) -> "OrganizationQuerySet":
        """Return those whose name an older organization has too."""
        return self.filter(name_key__contains=f"{TWIN}org_").order_by("pk")


class Organization(Described, Limited):
    """A partner. It can't call anything until it is allowlisted and routes are enabled for it."""

    public_id = PublicIdField("org")
    name = models.CharField(max_length=200, validators=[readable])
    name_key = NameKeyField("name")
    contact_name = models.CharField("contact", max_length=200, blank=True, validators=[printable])
    contact_email = models.EmailField("contact's e-mail", blank=True, validators=[printable])
    purpose = models.CharField("purpose of the disclosures", max_length=200, blank=True, validators=[printable])
    receives_names = models.BooleanField("receives names and dates of birth", default=True, db_default=True)
    allowlisted = models.BooleanField("allowlisted for the external API", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        default_permissions = ("add", "change", "view")
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="organization_public_id_unique"),
            models.UniqueConstraint(
                models.F("name_key"),
                name="organization_name_unique",
                violation_error_code="unique",
                violation_error_message=NAME_TAKEN,
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="organization_has_a_name"),
            models.CheckConstraint(condition=AT_LEAST_ONE, name="organization_limit_at_least_one"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def create(
        cls, name: str, change: Change, *, contact_name: str = "", contact_email: str = "", purpose: str = ""
    ) -> "Organization":
        """Create an organization that can't call anything yet; raise ValidationError for a blank or taken name."""
        facts = {"contact_name": contact_name, "contact_email": contact_email, "purpose": purpose}
        given = {fact: value.strip() for fact, value in facts.items() if value.strip()}
        organization = cls(name=tidy(name), name_key=key(name), **given)
        organization.full_clean()
        try:
            with transaction.atomic():
                organization.save(force_insert=True)
                after = {"name": organization.name} | given
                ChangeEvent.record(Action.ORGANIZATION_CREATED, change, organization=organization, after=after)
        except IntegrityError:  # another process took the name after `full_clean()` had looked
            raise ValidationError(NAME_TAKEN, code="unique") from None
        return organization

    def enabled_routes(self) -> list[str]:
        """Return the names of the enabled routes, in the catalogue's order."""
        granted = set(self.route_grants.values_list("route", flat=True))
        return [route.route_name for route in Route if route.route_name in granted]

    def set_contact(self, change: Change, *, name: str, email: str) -> bool:
        """Set the partner's contact, and return True if that changed anything; raise ValidationError for bad values."""
        return self._set(Action.CONTACT_CHANGED, change, contact_name=name, contact_email=email)

    def set_purpose(self, change: Change, purpose: str) -> bool:
        """Set why the partner receives patient data, and return True if that changed anything.

        An accounting of disclosures has to state it: 45 CFR 164.528(b)(2)(iv). Raise ValidationError for bad values.
        """
        return self._set(Action.PURPOSE_CHANGED, change, purpose=purpose)

    def set_names(self, change: Change, *, receives: bool) -> bool:
        """Set whether answers have patients' names and dates of birth, and return True if that changed anything."""
        change.require_reason()
        return self._set(Action.NAMES_CHANGED, change, receives_names=receives)

    def set_limit(self, change: Change, limit: int | None) -> bool:
        """Limit the calls a minute of all keys together, or not for None, and return True if that changed anything."""
        return self._set(Action.ORGANIZATION_LIMIT_CHANGED, change, calls_per_minute=limit)

    def set_access(
        self,
        change: Change,
        *,
        allowlisted: bool | None = None,
        enable: Iterable[Route] = (),
        disable: Iterable[Route] = (),
    ) -> bool:
        """Change the allowlisting and the enabled routes, and return True if that changed anything.

        Raise ValidationError for more access that a second person must approve first.
        """
        enable, disable = set(enable), set(disable)
        refuse_impossible(enable, disable)
        with transaction.atomic():
            # The lock orders changes, so that what each of them records as before and after is true.
            locked = Organization.objects.select_for_update(no_key=True).get(pk=self.pk)
            before = locked._access()
            if (allowlisted and not locked.allowlisted) or missing_in(before["routes"], enable):
                change.require_second_person()
            if allowlisted is not None:
                Organization.objects.filter(pk=self.pk).update(allowlisted=allowlisted)
            RouteGrant.objects.bulk_create(
                [RouteGrant(organization=self, route=route.route_name) for route in enable], ignore_conflicts=True
            )
            self.route_grants.filter(route__in=[route.route_name for route in disable]).delete()
            self.refresh_from_db()
            after = self._access()
            if after != before:
                ChangeEvent.record(Action.ACCESS_CHANGED, change, organization=self, before=before, after=after)
        return after != before

    def _subject(self) -> dict[str, Any]:
        return {"organization": self}

    def _access(self) -> dict[str, Any]:
        return {"allowlisted": self.allowlisted, "routes": self.enabled_routes()}


def missing_in(names: Iterable[str], routes: Iterable[Route]) -> list[Route]:
    """Return the routes that are not among these names, in the catalogue's order."""
    return [route for route in Route if route in {*routes} and route.route_name not in {*names}]


def refuse_impossible(enable: set[Route], disable: set[Route]) -> None:
    """Raise ValidationError for routes that can't be enabled and disabled together, or not at all."""
    if enable & disable:
        raise ValidationError("A route can't be both enabled and disabled.", code="contradiction")
    for route in enable | disable:
        if route.is_open:
            raise ValidationError(f"{route.route_name} is open to every valid key.", code="open_route")


class RouteGrant(models.Model):
    """One route enabled for one organization."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="route_grants")
    route = models.CharField(max_length=64, choices=ROUTE_CHOICES)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["organization", "route"], name="route_enabled_once"),
            models.CheckConstraint(
                condition=models.Q(route__in=[name for name, _ in ROUTE_CHOICES]), name="route_in_catalogue"
            ),
        ]

    def __str__(self) -> str:
        return self.route
