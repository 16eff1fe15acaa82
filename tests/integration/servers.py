"""Real servers on this machine that record requests: a mail server, a web server, and one with TLS.

They run in a process of their own (`python servers.py FOLDER`), since a process with threads could not fork for a task.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

HANGS = 60.0


# -- in the test's process --


@dataclass
class Servers:
    """The servers' ports, and the requests they got."""

    folder: Path
    mail_port: int
    port: int
    tls_port: int

    @property
    def certificate(self) -> str:
        """What a client must trust to speak to the one with TLS."""
        return str(self.folder / "certificate.pem")

    @property
    def _told(self) -> Path:
        return self.folder / "told"

    def forget(self) -> None:
        self._told.write_text("")

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Everything of that kind, `mail` or `http`, in the order it came."""
        found = (json.loads(line) for line in self._told.read_text().splitlines())
        return [line for line in found if line["kind"] == kind]

    def mails(self) -> list[dict[str, Any]]:
        return self.told("mail")

    def pings(self) -> list[str]:
        """The paths that were asked for."""
        return [line["path"] for line in self.told("http")]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def running(folder: Path) -> Iterator[Servers]:
    (folder / "told").write_text("")
    process = subprocess.Popen([sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        yield Servers(folder, **json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# -- in their own --


def main(folder: Path) -> None:
    lock = threading.Lock()

    def note(kind: str, **more: Any) -> None:
        with lock, (folder / "told").open("a") as file:
            file.write(json.dumps({"kind": kind, **more}) + "\n")

    class Handler(BaseHTTPRequestHandler):
        """`/hang…` never answers, `/500…` answers that, `/to/308/…` sends on to `/…`; all else is well."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            note("http", method=self.command, path=self.path, body=body, headers=dict(self.headers))
            first, *rest = self.path.strip("/").split("/")
            if first.startswith("hang"):
                time.sleep(HANGS)
            code = 500 if first == "500" else int(rest[0]) if first == "to" else 200
            self.send_response(code)
            if first == "to":
                self.send_header("Location", "/" + "/".join(rest[1:]))
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        do_POST = do_GET  # noqa: N815 - Python looks for these names

        def log_message(self, *arguments: Any) -> None:
            pass

    class Mailbox:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
            message = message_from_bytes(envelope.content, policy=policy.default)
            text = message.get_body(("plain",)).get_content()
            headers = {name: str(message[name]) for name in ("Subject", "From", "To")}
            note("mail", sender=envelope.mail_from, to=envelope.rcpt_tos, text=text, **headers)
            return "250 OK"

    from aiosmtpd.smtp import SMTP

    loop = asyncio.new_event_loop()
    mail = loop.run_until_complete(loop.create_server(lambda: SMTP(Mailbox(), loop=loop), "127.0.0.1", 0))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    plain, secure = ThreadingHTTPServer(("127.0.0.1", 0), Handler), ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    write_certificate(folder / "certificate.pem", folder / "key.pem")
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    ports = {
        "mail_port": mail.sockets[0].getsockname()[1],
        "port": plain.server_address[1],
        "tls_port": secure.server_address[1],
    }
    print(json.dumps(ports), flush=True)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    secure.serve_forever()


def write_certificate(certificate: Path, key: Path) -> None:
    """A new key, and a certificate for this machine that it signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "servers of a test")])
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain, encoding = serialization.NoEncryption(), serialization.Encoding.PEM
    key.write_bytes(secret.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
