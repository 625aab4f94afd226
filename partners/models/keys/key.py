"""API keys: what is stored of each, and the changes that it allows."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from partners.catalogue import routes
from partners.identifiers import PublicIdField
from partners.keys import digests, lifetimes, tokens
from partners.models.change import Action, Change, ChangeEvent
from partners.models.description import Described
from partners.models.keys import labels
from partners.models.keys.allowed_network import AllowedNetwork, Networked
from partners.models.keys.lifecycle import KeyState, LifecycleQuerySet, refusal
from partners.models.keys.scoped import Scoped
from partners.models.limits import AT_LEAST_ONE, Limited
from partners.models.organization import Organization
from partners.models.scope import Scope
from partners.name_keys import NameKeyField
from partners.names import readable, tidy

LONGEST_OVERLAP = timedelta(days=90)


STANDING = Q(revoked_at=None, disabled_at=None)


class ApiKeyQuerySet(LifecycleQuerySet["ApiKey"]):
    """Find keys by what they allow."""

    def in_state(self, state: KeyState) -> "ApiKeyQuerySet":
        """Return the keys that are in this state now."""
        ended = Q(expires_at__lte=timezone.now())
        if state is KeyState.REVOKED:
            return self.filter(revoked_at__isnull=False)
        if state is KeyState.EXPIRED:
            return self.filter(ended, revoked_at=None)
        return self.filter(revoked_at=None, disabled_at__isnull=state is KeyState.ACTIVE).exclude(ended)

    def ending_within(self, span: timedelta) -> "ApiKeyQuerySet":
        return self.in_state(KeyState.ACTIVE).filter(expires_at__lte=timezone.now() + span)


class ApiKey(Scoped, Described, Limited, Networked):
    """One API key. Only the public part and a keyed digest of its token are stored."""

    public_id = PublicIdField("key")
    public_part = models.CharField(max_length=tokens.PUBLIC_LENGTH, editable=False)
    is_test = models.BooleanField("test key", default=False, editable=False)
    organization = models.ForeignKey(Organization, models.PROTECT, null=True, blank=True, related_name="api_keys")
    label = models.CharField(max_length=labels.LONGEST, validators=[readable])
    label_key = NameKeyField("label")
    digest = models.BinaryField(max_length=32, editable=False)
    digest_key_number = models.PositiveSmallIntegerField(editable=False)
    scopes = models.ManyToManyField(Scope, blank=True, related_name="api_keys")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField("last used", null=True, editable=False)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, editable=False, related_name="replaced_by")

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        default_permissions = ("view",)
        permissions = [
            ("issue_apikey", "Can issue API keys"),
            ("rotate_apikey", "Can rotate API keys"),
            ("scope_apikey", "Can change the scopes of API keys"),
            ("describe_apikey", "Can change the owner, note and tags of API keys"),
            ("network_apikey", "Can change the allowed networks of API keys"),
            ("disable_apikey", "Can disable API keys"),
            ("enable_apikey", "Can enable disabled API keys"),
            ("revoke_apikey", "Can revoke API keys"),
            ("expire_apikey", "Can change when API keys expire"),
            ("bulk_apikey", "Can change many API keys at once"),
            ("limit_apikey", "Can limit the calls of API keys"),
        ]
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["expires_at"], condition=STANDING, name="api_key_end"),
            models.Index(fields=["digest_key_number"], condition=STANDING, name="api_key_digest_key"),
            models.Index(fields=["created_at", "id"], name="api_key_newest"),
            models.Index(fields=["label_key", "id"], name="api_key_label"),
            models.Index(fields=["expires_at", "id"], name="api_key_expiry"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["public_id"], name="api_key_public_id_unique"),
            models.UniqueConstraint(fields=["public_part"], name="api_key_public_part_unique"),
            models.CheckConstraint(condition=~Q(label=""), name="api_key_has_a_label"),
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")), name="api_key_expires_after_creation"
            ),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="api_key_replaces_another"),
            models.CheckConstraint(condition=AT_LEAST_ONE, name="api_key_limit_at_least_one"),
        ]

    def __str__(self) -> str:
        return f"{self.quotable}… ({self.label})"

    @property
    def quotable(self) -> str:
        return tokens.quotable(self.public_part, is_test=self.is_test)

    @property
    def lifetime(self) -> timedelta | None:
        """Return how long the key lives from its issue, or None if it doesn't expire."""
        return None if self.expires_at is None else self.expires_at - self.created_at

    def refusal(self, action: Action) -> ValidationError | None:
        """Return why the key doesn't allow a change now and what to do, or None if it does."""
        return None if ApiKey.objects.allowing(action).filter(pk=self.pk).exists() else refusal(action, self)

    @classmethod
    def issue(
        cls,
        change: Change,
        *,
        organization: Organization | None,
        label: str,
        scopes: Iterable[routes.Scope],
        is_test: bool = False,
        expires_at: datetime | None = None,
        **description: Any,
    ) -> "tuple[ApiKey, tokens.Token]":
        """Create a key and return it with its token, which is stored nowhere. `description`: owner, note and tags.

        Raise ValidationError for bad values, and for a live key that a second person must approve first. Raise
        DigestKeyUnavailable if no digest key is loaded.
        """
        label = tidy(label)
        if not is_test:
            change.require_second_person()
        with transaction.atomic():
            labels.refuse_twin(cls.objects.all(), organization, label)
            values = {"organization": organization, "label": label, "expires_at": expires_at}
            key, token = cls._make(is_test=is_test, **values, **description)
            key.scopes.set(Scope.objects.filter(name__in=[*scopes]))
            key._record(Action.KEY_ISSUED, change)
        return key, token

    def rotate(self, change: Change, *, overlap: timedelta = timedelta(hours=24)) -> "tuple[ApiKey, tokens.Token]":
        """Return a successor with the same scopes, and its token. This key expires after `overlap`, or earlier.

        The successor gets the limit of this key, and the lifetime that this key was issued with, if the deployment
        still allows it. Raise ValidationError if the key was already rotated, since it can have only one successor, or
        if it isn't active.
        """
        refuse_overlap(overlap)
        with transaction.atomic():
            before, now = self._locked_facts(), timezone.now()
            end = max(now + overlap, lifetimes.soonest_end(self.created_at))
            end = min(end, self.expires_at or end)
            lifetime = lifetimes.of_successor(self.lifetime)
            self._update(Action.KEY_ROTATED, rotated_at=now, expires_at=end)
            successor, token = self._make(
                organization=self.organization,
                label=self.label,
                is_test=self.is_test,
                expires_at=None if lifetime is None else now + lifetime,
                replaces=self,
                network_mode=self.network_mode,
                **self.description,
                calls_per_minute=self.calls_per_minute,
            )
            successor.scopes.set(self.scopes.all())
            AllowedNetwork.replace(successor, self.allowed_networks.all())
            self._record(Action.KEY_ROTATED, change, before)
            successor._record(Action.KEY_ISSUED, change)
        return successor, token

    def set_limit(self, change: Change, limit: int | None) -> bool:
        """Limit the calls a minute (None: not), and return True if that changed it; ValidationError if revoked."""
        with transaction.atomic():
            self._locked_facts()
            if self.revoked_at is not None:
                raise refusal(Action.KEY_LIMIT_CHANGED, self)
            return self._set(Action.KEY_LIMIT_CHANGED, change, calls_per_minute=limit)

    @classmethod
    def require_possible(cls, *, is_test: bool, expires_at: datetime | None) -> None:
        """Raise ValidationError if this deployment has no such keys."""
        if is_test and not settings.ACCEPT_TEST_KEYS:
            raise ValidationError(
                "This deployment does not accept test keys (CHARTERO_ACCEPT_TEST_KEYS).", code="test_key_not_accepted"
            )
        lifetimes.require_allowed(expires_at, timezone.now())

    @classmethod
    def _make(cls, *, is_test: bool, **values: Any) -> "tuple[ApiKey, tokens.Token]":
        cls.require_possible(is_test=is_test, expires_at=values["expires_at"])
        token, number = tokens.mint(is_test=is_test), digests.current()
        key = cls(
            public_part=token.public_part,
            is_test=is_test,
            digest=digests.digest(token.text, number),
            digest_key_number=number,
            **values,
        )
        key.full_clean(exclude={"label"} if key.replaces else None)  # an old label may break rules that came later
        key.save(force_insert=True)
        return key, token

    def _change(self, action: Action, change: Change, **values: Any) -> None:
        with transaction.atomic():
            before = self._locked_facts()
            self._update(action, **values)
            self._record(action, change, before)

    def _locked_facts(self) -> dict[str, Any]:
        """Lock the row and return its facts, so that the event's "before" is what this change really replaced."""
        ApiKey.objects.select_for_update(no_key=True).get(pk=self.pk)
        self.refresh_from_db()
        return self._facts()

    def _update(self, action: Action, **values: Any) -> None:
        if not ApiKey.objects.allowing(action).filter(pk=self.pk).update(**values):
            raise refusal(action, self)
        self.refresh_from_db()

    def _facts(self) -> dict[str, Any]:
        return {
            "state": self.state.value,
            "expires_at": None if self.expires_at is None else self.expires_at.isoformat(),
            "scopes": [scope.name for scope in self.scopes.all()],
        }

    def _subject(self) -> dict[str, Any]:
        return {"organization": self.organization, "api_key": self}

    def _record(self, action: Action, change: Change, before: dict[str, Any] | None = None) -> None:
        after = self._facts() | ({} if before else self.description)
        ChangeEvent.record(action, change, **self._subject(), before=before, after=after)


def refuse_overlap(overlap: timedelta) -> None:
    """Raise ValidationError if the key before may not work for so long after a rotation."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValidationError(f"The overlap must be between 0 and {LONGEST_OVERLAP.days} days.", code="invalid_overlap")
