"""The plain application in processes that may open few files."""

import resource

from tests.server.plain import application

__all__ = ["application"]

resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
