"""A throw-away nginx with the files of `deploy/nginx`, over TLS."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
PARTNERS, STAFF = "api.example.com", "staff.example.com"
# Debian's nginx.conf, as far as it matters here.
MAIN = """daemon off; worker_processes 1; pid {0}/nginx.pid; error_log {0}/nginx.log;
events {{ worker_connections 768; }}
http {{
    client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u;
    scgi_temp_path {0}/s; default_type application/octet-stream; gzip on; access_log {0}/access.log;
    include {0}/site.conf;
}}
"""


class Ports(NamedTuple):
    """Where it listens."""

    https: int
    http: int


def filled(file: str, **values: object) -> str:
    """Return a file of `deploy` as `deploy/build` would write it."""
    lines = "".join(f"{name}={value}\n" for name, value in values.items())
    done = subprocess.run([ROOT / "deploy/fill", ROOT / "deploy" / file], input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(
    folder: Path,
    partners: int,
    staff: int,
    *others: int,
    name: str = PARTNERS,
    allowed: str = "allow 127.0.0.1;",
    rate: str = "1000r/s",
) -> Iterator[Ports]:
    """Run nginx in front of the services at these ports, and of those of other machines, which serve both.

    `name` is the host name of partners.
    """
    _certify(folder / "tls")
    ports = Ports(_free_port(), _free_port())
    listening = {"HTTPS_PORT": ports.https, "HTTP_PORT": ports.http, "PARTNERS_PORT": partners, "STAFF_PORT": staff}
    names = {"PARTNERS_NAME": name, "STAFF_NAME": STAFF, "ETC": folder, "LOG": folder, "ACME": folder}
    (folder / "nginx").mkdir()
    for file in sorted((ROOT / "deploy/nginx").glob("*.conf")):
        text = filled(f"nginx/{file.name}", **listening, **names, ALLOWED=allowed, UNLESS_IPV_SIX="#")
        place = folder / "site.conf" if file.name == "chartero.conf" else folder / "nginx" / file.name
        place.write_text(_with_others(text, others).replace("rate=1000r/s", f"rate={rate}"))
    main = folder / "main.conf"
    main.write_text(MAIN.format(folder))
    process = subprocess.Popen([str(PROGRAM), "-p", folder, "-e", folder / "nginx.log", "-c", main])
    try:
        _wait_for(ports.https, process, folder / "nginx.log")
        yield ports
    finally:
        process.terminate()
        process.wait(10)


def _with_others(text: str, ports: tuple[int, ...]) -> str:
    """Return a file of nginx with a line for each machine, as an operator copies the one that is there."""
    lines = []
    for line in text.splitlines():
        copies = [re.sub(r"(server 127\.0\.0\.1:)\d+", rf"\g<1>{port}", line) for port in ports]
        lines += [line, *(copy for copy in copies if copy.startswith("    server 127.0.0.1:"))]
    return "\n".join(lines) + "\n"


def _certify(folder: Path) -> None:
    """Make a certificate for both names."""
    folder.mkdir(parents=True)
    names = f"subjectAltName=DNS:{PARTNERS},DNS:{STAFF}"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", folder / "key.pem"]
    command = ["openssl", "req", "-x509", *key, "-out", folder / "certificate.pem", "-subj", f"/CN={PARTNERS}"]
    subprocess.run([*command, "-days", "2", "-addext", names], check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text())
