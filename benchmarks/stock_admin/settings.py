"""chartero's settings, with Django's own middleware and templates."""

from chartero.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.stock_admin.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [TEMPLATES[0] | {"DIRS": []}]  # noqa: F405
