#!/usr/bin/env python
"""Run chartero's commands: `manage.py help` lists them."""

import os
import sys

from django.core.management import execute_from_command_line

from chartero.environment import exit_if_unreadable

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chartero.settings")
    with exit_if_unreadable():
        execute_from_command_line(sys.argv)
