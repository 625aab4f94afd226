"""The product's own settings, with invented secrets and a cheap password hasher."""

import os

os.environ.update(
    CHARTERO_ENVIRONMENT="development",
    CHARTERO_SECRET_KEY="tests-only-" + "0123456789abcdef" * 4,
    CHARTERO_DIGEST_KEYS="1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,"
    "2:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=",
    CHARTERO_SEAL_KEYS="1:c2VhbHMtb2YtdGhlLXRlc3RzLWFyZS1pbnZlbnRlZC4=",
    CHARTERO_ACCEPT_TEST_KEYS="0",
    CHARTERO_SECOND_FACTOR="off",
    CHARTERO_KEY_LIFETIME_DAYS="0",
    CHARTERO_KEY_LONGEST_LIFETIME_DAYS="0",
    CHARTERO_ALLOWED_HOSTS="testserver,127.0.0.1",
    CHARTERO_SERVES="all",
    CHARTERO_FOUR_EYES="0",
    CHARTERO_WEB_PROCESS="1",
)

from chartero.settings import *  # noqa: F403

WEB_PROCESS = False  # the limits of a web process, without its thread that writes counts each minute
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True  # every client of a test would read all static files first
