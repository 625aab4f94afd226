"""Requests for access: what a future partner sent, how many may come in a day, and what staff decided."""

from partners.models.onboarding.quota import OnboardingCount, TooMany
from partners.models.onboarding.request import OnboardingRequest, OnboardingState

__all__ = ["OnboardingCount", "OnboardingRequest", "OnboardingState", "TooMany"]
