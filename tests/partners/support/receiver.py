"""A receiver of webhooks over TLS on this machine, with a certificate of an invented authority."""

import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Got(NamedTuple):
    """One request: when it came, its headers and its body."""

    at: float
    headers: dict[str, str]
    body: bytes


Answer = Callable[[int], tuple[int, dict[str, str]]]


class Receiver:
    """Answers as it is told: `answer` gets the number of the request, and returns a status and headers."""

    def __init__(self, folder: Path, answer: Answer = lambda number: (204, {}), *, seconds: float = 0) -> None:
        self.got: list[Got] = []
        self.answer, self.seconds = answer, seconds
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.server.daemon_threads = True
        self.server.handle_error = lambda *arguments: None  # a handshake that failed, or a caller that left
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(folder))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/hooks?from=chartero"

    def __enter__(self) -> "Receiver":
        return self

    def __exit__(self, *exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(Got(time.time(), dict(self.headers), body))
            time.sleep(receiver.seconds)
            status, headers = receiver.answer(len(receiver.got))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    return Handler


def allow(settings, folder: Path, *ports: int) -> None:
    """Let webhooks go to receivers on this machine."""
    certificate(folder)
    settings.WEBHOOK_PORTS = ports
    settings.WEBHOOK_NETWORKS = (ip_network("127.0.0.0/8"),)
    settings.WEBHOOK_CA_FILE = str(folder / "ca.pem")


@cache
def certificate(folder: Path) -> tuple[Path, Path]:
    """Write an authority, and a certificate for 127.0.0.1; return the files of the certificate and its key."""
    authority, host = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name, address = _name("Invented CA"), x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    of_ca = _built(name, name, authority.public_key()).add_extension(x509.BasicConstraints(True, None), critical=True)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    of_ca = of_ca.add_extension(usage, critical=True)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    of_ca = of_ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
    of_host = _built(_name("127.0.0.1"), name, host.public_key()).add_extension(address, critical=False)
    of_host = of_host.add_extension(identifier, critical=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(of_ca.sign(authority, hashes.SHA256()).public_bytes(pem))
    (folder / "host.pem").write_bytes(of_host.sign(authority, hashes.SHA256()).public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "host.key").write_bytes(host.private_bytes(pem, *plain))
    return folder / "host.pem", folder / "host.key"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _built(subject: x509.Name, issuer: x509.Name, key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        issuer, subject, key, x509.random_serial_number(), now - timedelta(days=1), now + timedelta(days=1)
    )
