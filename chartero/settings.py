"""Settings of chartero, all from the environment. The documentation lists every variable."""

import os
from datetime import timedelta
from pathlib import Path

from chartero import logs, paths
from chartero.deployment import databases, recordings, secrets
from chartero.deployment.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
YEAR = 365 * 24 * 3600  # seconds

# The deployment ------------------------------------------------------------------------------------------------------
ENVIRONMENT = env.text("CHARTERO_ENVIRONMENT", default="development")
DEVELOPMENT = ENVIRONMENT == "development"
DATA_DIR = Path(env.text("CHARTERO_DATA_DIR", default=str(BASE_DIR / "var")))
SERVES = env.choice("CHARTERO_SERVES", paths.SERVES, default=paths.ALL)
WEB_PROCESS = env.flag("CHARTERO_WEB_PROCESS", default=False)

DEBUG = env.flag("CHARTERO_DEBUG", default=False)
ALLOWED_HOSTS = env.words("CHARTERO_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEVELOPMENT else [])
BASE_URL = env.base_url("CHARTERO_BASE_URL")  # empty: use the host of the request
CONTACT_EMAIL = env.text("CHARTERO_CONTACT_EMAIL", default="")  # empty: no contact on the public pages

# The proxy. Production refuses plain http, unless https is handled elsewhere.
BEHIND_PROXY = env.flag("CHARTERO_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
REQUIRE_HTTPS = env.flag("CHARTERO_REQUIRE_HTTPS", default=ENVIRONMENT == "production")
SECURE_HSTS_SECONDS = env.number("CHARTERO_HSTS_SECONDS", default=YEAR if REQUIRE_HTTPS else 0, most=2 * YEAR)
# Trust forms from this origin, even if a proxy changes the Host header.
CSRF_TRUSTED_ORIGINS = [BASE_URL.lower()] if BASE_URL else []
CSRF_FAILURE_VIEW = "chartero.web.proxy.form_refused"

# Secrets: outside development, they must be in the environment, or the system checks fail.
SECRET_KEY = env.text("CHARTERO_SECRET_KEY", default="") or (
    secrets.kept(DATA_DIR / "secret_key", secrets.new_secret_key) if DEVELOPMENT else "missing"
)
DIGEST_KEYS = os.environ.get("CHARTERO_DIGEST_KEYS")  # set but empty: no digest keys
if DIGEST_KEYS is None:
    DIGEST_KEYS = secrets.kept(DATA_DIR / "digest_keys", secrets.new_digest_key) if DEVELOPMENT else ""
ACTIVE_DIGEST_KEY = env.number("CHARTERO_ACTIVE_DIGEST_KEY", default=0, most=2**15 - 1)  # 0: the highest
SEAL_KEYS = os.environ.get("CHARTERO_SEAL_KEYS", "")
SEAL_KEYS_FILE = env.text("CHARTERO_SEAL_KEYS_FILE", default="")  # read only by what seals and verifies
if DEVELOPMENT and not SEAL_KEYS and not SEAL_KEYS_FILE:
    SEAL_KEYS = secrets.kept(DATA_DIR / "seal_keys", secrets.new_digest_key)
SEAL_PUBLIC_KEYS = env.text("CHARTERO_SEAL_PUBLIC_KEYS", default="")
CHECKPOINT_FILE = env.text("CHARTERO_CHECKPOINT_FILE", default="")  # empty: none is written
ACCEPT_TEST_KEYS = env.flag("CHARTERO_ACCEPT_TEST_KEYS", default=False)
KEY_LIFETIME_DAYS = env.number("CHARTERO_KEY_LIFETIME_DAYS", default=90)
KEY_LONGEST_LIFETIME_DAYS = env.number("CHARTERO_KEY_LONGEST_LIFETIME_DAYS", default=365)  # 0: keys may never expire
FOUR_EYES = env.flag("CHARTERO_FOUR_EYES", default=False)
HANDOVER_HOURS = env.number("CHARTERO_HANDOVER_HOURS", default=72, least=1, most=720)
WRONG_KEYS_PER_MINUTE = env.number("CHARTERO_WRONG_KEYS_PER_MINUTE", default=0)  # 0: no network is refused
RETENTION_YEARS = env.number("CHARTERO_RETENTION_YEARS", default=6)
SECRET_SCANNING_KEYS = env.text("CHARTERO_SECRET_SCANNING_KEYS", default="")  # empty: off
SECRET_SCANNING_RESPONSE = env.choice(
    "CHARTERO_SECRET_SCANNING_RESPONSE", ("notify", "disable", "revoke"), default="notify"
)
WEBHOOK_PORTS = env.ports("CHARTERO_WEBHOOK_PORTS", default=(443, 8443))
WEBHOOK_NETWORKS = env.networks("CHARTERO_WEBHOOK_NETWORKS")  # allowed although they are not public
WEBHOOK_CA_FILE = env.text("CHARTERO_WEBHOOK_CA_FILE", default="")  # empty: the system's certificate authorities
ACCESS_REQUESTS = env.flag("CHARTERO_ACCESS_REQUESTS", default=False)
METRICS_TOKEN = env.text("CHARTERO_METRICS_TOKEN", default="")  # empty: no metrics
OTLP_ENDPOINT = env.endpoint("CHARTERO_OTLP_ENDPOINT")  # empty: no call is traced
OTLP_HEADERS = env.options("CHARTERO_OTLP_HEADERS", default={}, example='{"Authorization": "Bearer …"}')
OTLP_PERCENT = env.number("CHARTERO_OTLP_PERCENT", default=100, least=1, most=100)
OTLP_TRACEPARENT = env.flag("CHARTERO_OTLP_TRACEPARENT", default=False)  # believe the proxy's
AUDIO_URL_SECONDS = env.number("CHARTERO_AUDIO_URL_SECONDS", default=300, least=1)

# The application -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "partners",
    "partners.signin",
    "encounters",
    "chartero",
    "chartero.apps.PartnerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "axes",
]
MIDDLEWARE = [
    "chartero.web.middleware.ProbeMiddleware",
    "chartero.tracing.middleware.TracingMiddleware",
    "chartero.web.middleware.ExternalApiMiddleware",
    "chartero.web.middleware.PagesSecurityMiddleware",
    "chartero.web.middleware.PagesPolicyMiddleware",
    "chartero.web.middleware.PagesReadableMiddleware",
    "chartero.web.middleware.PagesServedMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "chartero.web.middleware.PagesHttpsMiddleware",
    "chartero.web.middleware.PagesDatabaseMiddleware",
    "chartero.web.middleware.PagesSessionMiddleware",
    "chartero.web.middleware.PagesCommonMiddleware",
    "chartero.web.middleware.PagesCsrfMiddleware",
    "chartero.web.middleware.PagesAuthenticationMiddleware",
    "chartero.web.middleware.PagesDeviceMiddleware",
    "chartero.web.middleware.PagesMessageMiddleware",
    "chartero.web.middleware.PagesFrameMiddleware",
    "chartero.web.middleware.PagesLockoutMiddleware",
    "chartero.web.middleware.PagesSessionLimitsMiddleware",
    "chartero.web.middleware.PagesSecondFactorMiddleware",
    "chartero.web.middleware.PagesPasswordLineMiddleware",
    "chartero.web.middleware.PagesFreshPasswordMiddleware",
    "chartero.web.middleware.PagesRefusedPageMiddleware",
]
ROOT_URLCONF = "chartero.urls"
WSGI_APPLICATION = "chartero.wsgi.application"
# At the root of the site, unless gunicorn is told otherwise: Django would look for the place twice in each call.
FORCE_SCRIPT_NAME = None if "SCRIPT_NAME" in os.environ else ""
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# The database --------------------------------------------------------------------------------------------------------
_DATABASE = env.database("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'chartero.sqlite3'}")
POOLER = env.choice("CHARTERO_POOLER", databases.POOLERS, default=databases.NONE)
DATABASES = {"default": databases.configured(_DATABASE, web_process=WEB_PROCESS, pooler=POOLER)}
if env.text("CHARTERO_REPLICA_URL", default=""):
    _REPLICA = env.database("CHARTERO_REPLICA_URL", default="")
    DATABASES["replica"] = databases.replica(_DATABASE, _REPLICA, web_process=WEB_PROCESS)
REPLICA_MAX_LAG = env.number("CHARTERO_REPLICA_MAX_LAG", default=10, least=1, most=3_600)  # seconds
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The partner API -----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["partners.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["partners.api.permissions.HasRouteAccess"],
    "DEFAULT_RENDERER_CLASSES": ["partners.api.responses.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "partners.api.responses.JsonOnly",
    "EXCEPTION_HANDLER": "partners.api.exceptions.answer",
    "DEFAULT_SCHEMA_CLASS": "chartero.openapi.operations.RouteSchema",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",  # every tool that reads 3.1 reads this version
    "TITLE": "chartero partner API",
    "VERSION": "1.0.0",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "SORT_OPERATIONS": False,  # the catalogue's order
    "POSTPROCESSING_HOOKS": [],
}

# Staff ---------------------------------------------------------------------------------------------------------------
PASSWORD_HASHERS = [
    "partners.signin.guards.hashing.Argon2Hasher",
    "partners.signin.guards.hashing.PBKDF2Hasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SECOND_FACTOR = env.flag("CHARTERO_SECOND_FACTOR", default=True)
LOGIN_URL = "admin:login"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEVELOPMENT
# With this prefix, browsers accept the cookie only over https and from this host. Other subdomains can't set it.
_PREFIX = "" if DEVELOPMENT else "__Host-"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_PREFIX}sessionid", f"{_PREFIX}csrftoken"
SESSION_COOKIE_AGE = 24 * 3600  # sessions end much sooner; the row stays for a day, to explain why
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_HANDLER = "partners.signin.guards.lockout.Handler"  # also limits by address
AXES_LOCKOUT_CALLABLE = "partners.signin.guards.lockout.answer"
AXES_USERNAME_CALLABLE = "partners.signin.guards.lockout.typed_name"
AXES_CLIENT_IP_CALLABLE = "partners.signin.guards.lockout.network"
AXES_DISABLE_ACCESS_LOG = True
AXES_CLIENT_STR_CALLABLE = "partners.signin.guards.lockout.client_in_log"
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
SILENCED_SYSTEM_CHECKS = [  # each of these middlewares is installed, for pages only
    "axes.W002",
    "security.W001",  # SecurityMiddleware
    "security.W002",  # XFrameOptionsMiddleware
    "security.W003",  # CsrfViewMiddleware
]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
FILE_UPLOAD_HANDLERS = ["chartero.web.bodies.FewUploads"]
DATA_UPLOAD_MAX_MEMORY_SIZE = paths.LONGEST_BODY  # a form; the server waits for no body that is longer

# E-mail --------------------------------------------------------------------------------------------------------------
# Without a mail server, development prints e-mail. Other deployments send none, and send_expiry_notices says so.
vars().update(env.mail("EMAIL_URL", default="consolemail://" if DEVELOPMENT else "dummymail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("CHARTERO_FROM_EMAIL", default="chartero@localhost" if DEVELOPMENT else "")
SECURITY_EMAIL = env.words("CHARTERO_SECURITY_EMAIL")  # who keeps checkpoints
STAFF_EMAIL = env.words("CHARTERO_STAFF_EMAIL", default=["staff@localhost"] if DEVELOPMENT else [])

# Language, time, files, logs -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
DATE_FORMAT, DATETIME_FORMAT = "Y-m-d", "Y-m-d H:i"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = None if DEVELOPMENT else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = DEVELOPMENT
# Where recordings are stored: in a bucket of S3, in another storage of the operator's, or else in private files here.
RECORDINGS_STORAGE = env.text("CHARTERO_RECORDINGS_STORAGE", default="")
RECORDINGS_OPTIONS = env.options("CHARTERO_RECORDINGS_OPTIONS", default={})
S3 = {
    "bucket": env.name("CHARTERO_S3_BUCKET", default=""),  # empty: recordings are elsewhere
    "endpoint": env.base_url("CHARTERO_S3_ENDPOINT"),  # empty: Amazon's
    "region": env.name("CHARTERO_S3_REGION", default="us-east-1"),
    "access_key": env.text("CHARTERO_S3_ACCESS_KEY", default=""),
    "secret_key": env.text("CHARTERO_S3_SECRET_KEY", default=""),
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "recordings": recordings.configured(DATA_DIR, RECORDINGS_STORAGE, RECORDINGS_OPTIONS, S3),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
LOGGING = logs.configuration()
