"""Sites of which the web server has something in front of it, or little room."""

import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.faults.scenario import Site
from tests.faults.server import WebServer, serving
from tests.server.deployment import free_port, wait_for

DESCRIPTORS = 1024
NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log /dev/null;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream chartero {{ server 127.0.0.1:{server}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port} backlog=512;
        location / {{
            proxy_pass http://chartero;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


class Fronted:
    """A web server that is called through nginx."""

    def __init__(self, server: WebServer, port: int) -> None:
        self.port, self.memory = port, server.memory


class Narrow(WebServer):
    """A web server whose processes may open few files."""

    def start(self) -> None:
        """Start the server, which inherits the limit."""
        usual = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, usual[1]))
        try:
            super().start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, usual)


@contextmanager
def with_nginx(site: Site) -> Iterator[Site]:
    """Use a web server of its own behind nginx."""
    environment = site.server.environment | {"CHARTERO_BEHIND_PROXY": "1"}
    with tempfile.TemporaryDirectory() as folder, serving(environment, site.server.log) as server:
        port, file = free_port(), Path(folder) / "nginx.conf"
        file.write_text(NGINX.format(folder=folder, server=server.port, port=port))
        nginx = subprocess.Popen(["nginx", "-c", str(file), "-p", folder], stderr=subprocess.DEVNULL)
        try:
            wait_for(port, nginx)
            yield replace(site, server=Fronted(server, port))
        finally:
            nginx.terminate()
            nginx.wait()


@contextmanager
def with_few_descriptors(site: Site) -> Iterator[Site]:
    """Use a web server of its own: one process of twelve threads, which may open `DESCRIPTORS` files."""
    one = {"CHARTERO_WORKERS": "1", "CHARTERO_THREADS": "12"}
    server = Narrow(site.server.environment | one, site.server.log)
    server.start()
    try:
        yield replace(site, server=server)
    finally:
        server.stop()
