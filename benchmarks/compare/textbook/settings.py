"""Settings of the textbook: nothing that its requests do not need."""

import environ

SECRET_KEY = "only signs what nobody reads"
ALLOWED_HOSTS = ["127.0.0.1"]
DATABASES = {"default": environ.Env().db_url("DATABASE_URL") | {"CONN_MAX_AGE": None}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["rest_framework", "rest_framework_api_key", "benchmarks.compare.textbook"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "benchmarks.compare.textbook.urls"
TIME_ZONE, USE_TZ = "UTC", True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [
        "benchmarks.compare.textbook.permissions.HasPartnerKey",
        "benchmarks.compare.textbook.permissions.HasScopes",
        "benchmarks.compare.textbook.permissions.HasRouteGrant",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 30}
