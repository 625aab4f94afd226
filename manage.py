#!/usr/bin/env python
"""Run chartero's commands: `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line

from chartero.deployment.environment import exit_if_unreadable

if __name__ == "__main__":
    # What is written is for nobody else on this machine, except static files, which a proxy may send.
    os.umask(0o022 if sys.argv[1:2] == ["collectstatic"] else 0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
    with exit_if_unreadable():
        execute_from_command_line(sys.argv)
