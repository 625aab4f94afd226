"""The WSGI application of the web processes. It doesn't start if a system check fails."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ.setdefault("CHARTERO_WEB_PROCESS", "1")

from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.core.wsgi import get_wsgi_application

from chartero.deployment.environment import exit_if_unreadable
from chartero.web.page_requests import Utf8Request

os.umask(0o077)  # only this user can read the files that we write, such as the SQLite database
with exit_if_unreadable():
    application = get_wsgi_application()
application.request_class = Utf8Request
try:
    call_command("check")
except SystemCheckError as failed:
    raise SystemExit(str(failed)) from None
