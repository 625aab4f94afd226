"""The WSGI application of the web processes. It does not start while a system check fails."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
os.environ.setdefault("CHARTERO_WEB_PROCESS", "1")

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
call_command("check")
