"""nginx with the files of `deploy/nginx`, over TLS, in front of processes for partners and for staff."""

import http.client
import re
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server.deployment import ROOT, Answer, free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="needs nginx")
PARTNERS, STAFF = "api.example.com", "staff.example.com"
TOLD = {  # what the services behind it have in their environment
    "CHARTERO_BEHIND_PROXY": "1",
    "CHARTERO_REQUIRE_HTTPS": "1",
    "CHARTERO_ALLOWED_HOSTS": f"{PARTNERS},{STAFF}",
    "CHARTERO_WORKERS": "1",
}
# Debian's nginx.conf, as far as it matters here.
MAIN = """daemon off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/nginx.log;
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u;
    scgi_temp_path {0}/s; default_type application/octet-stream; gzip on; access_log {0}/access.log;
    include {0}/site.conf;
}}
"""


class Connection(http.client.HTTPSConnection):
    """A connection to nginx, by the name that TLS and the Host header say."""

    def __init__(self, name, port, context):
        super().__init__(name, port, context=context, timeout=20)
        self.context = context

    def connect(self):
        wire = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock = self.context.wrap_socket(wire, server_hostname=self.host)
        except OSError:
            wire.close()
            raise


@dataclass
class Front:
    """A running nginx."""

    folder: Path
    https: int
    http: int
    context: ssl.SSLContext

    def connection(self, name=PARTNERS):
        return Connection(name, self.https, self.context)

    def get(self, path, *, name=PARTNERS, method="GET", token=None, headers=None, body=None) -> Answer:
        connection = self.connection(name)
        credentials = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection.request(method, path, body=body, headers=credentials | (headers or {}))
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    def raw(self, *lines: bytes, name=PARTNERS) -> Answer:
        """Send these header lines as they are, over TLS."""
        wire = socket.create_connection(("127.0.0.1", self.https), timeout=20)
        with self.context.wrap_socket(wire, server_hostname=name) as secure:
            secure.sendall(b"\r\n".join([*lines, b"Connection: close", b"", b""]))
            return answered(secure)

    def plain(self, port, path, name=PARTNERS) -> Answer:
        """Call without TLS."""
        with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            return answered(wire)


def answered(wire) -> Answer:
    response = http.client.HTTPResponse(wire)
    response.begin()
    return Answer(response.status, dict(response.getheaders()), response.read())


def filled(file, **values) -> str:
    """Return a file of `deploy` as `deploy/build` would write it."""
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    done = subprocess.run([ROOT / "deploy/fill", ROOT / "deploy" / file], input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def fronted(folder: Path, partners: int, staff: int, *others: int, allowed="allow 127.0.0.1;", rate="1000r/s"):
    """Run nginx in front of the services at these ports, and of those of other machines, which serve both."""
    certified(folder / "tls")
    ports = {"HTTPS_PORT": free_port(), "HTTP_PORT": free_port(), "PARTNERS_PORT": partners, "STAFF_PORT": staff}
    names = {"PARTNERS_NAME": PARTNERS, "STAFF_NAME": STAFF, "ETC": folder, "LOG": folder, "ACME": folder}
    (folder / "nginx").mkdir()
    for file in sorted((ROOT / "deploy/nginx").glob("*.conf")):
        text = filled(f"nginx/{file.name}", **ports, **names, ALLOWED=allowed, UNLESS_IPV_SIX="#")
        place = folder / "site.conf" if file.name == "chartero.conf" else folder / "nginx" / file.name
        place.write_text(with_others(text, others).replace("rate=1000r/s", f"rate={rate}"))
    main = folder / "main.conf"
    main.write_text(MAIN.format(folder))
    process = subprocess.Popen([NGINX, "-p", folder, "-e", folder / "nginx.log", "-c", main])
    try:
        wait_for(ports["HTTPS_PORT"], process, folder / "nginx.log")
        context = ssl.create_default_context(cafile=folder / "tls/certificate.pem")
        yield Front(folder, ports["HTTPS_PORT"], ports["HTTP_PORT"], context)
    finally:
        process.terminate()
        process.wait(10)


def with_others(text: str, ports: tuple[int, ...]) -> str:
    """Return a file of nginx with a line for each machine, as an operator copies the one that is there."""
    lines = []
    for line in text.splitlines():
        copies = [re.sub(r"(server 127\.0\.0\.1:)\d+", rf"\g<1>{port}", line) for port in ports]
        lines += [line, *(copy for copy in copies if copy.startswith("    server 127.0.0.1:"))]
    return "\n".join(lines) + "\n"


def certified(folder: Path) -> None:
    """Make a certificate for both names."""
    folder.mkdir(parents=True)
    names = f"subjectAltName=DNS:{PARTNERS},DNS:{STAFF}"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem"]
    command = ["openssl", "req", "-x509", *key, "-out", folder / "certificate.pem", "-subj", f"/CN={PARTNERS}"]
    subprocess.run([*command, "-days", "2", "-addext", names], check=True, capture_output=True)


def wait_for(port, process, log):
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text())
