"""While a database server does not answer, the thread that waits for it does its other work."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.stores.meanwhile import meanwhile
from scheduler.stores.sockets import PatientSocket, PatientSSLSocket

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory, missing) -> Path:
    """A file with a key and its own certificate."""
    if not shutil.which("openssl"):
        missing("the program openssl")
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    made = ["-keyout", str(file), "-out", str(file), "-subj", "/CN=localhost", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made], check=True, capture_output=True)
    return file


def plain() -> Pair:
    """A socket that is waited at, and the other end."""
    ours, theirs = socket.socketpair()
    return PatientSocket(ours.family, ours.type, ours.proto, fileno=ours.detach()), theirs


def encrypted(certificate: Path) -> Pair:
    """The same with TLS."""
    ours, theirs = plain()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    ends: list[socket.socket] = []
    other = threading.Thread(target=lambda: ends.append(server.wrap_socket(theirs, server_side=True)))
    other.start()
    client = ssl.create_default_context(cafile=str(certificate))
    client.sslsocket_class = PatientSSLSocket
    waiting = client.wrap_socket(ours, server_hostname="localhost")
    other.join()
    return waiting, ends[0]


@pytest.fixture(params=["plain", "encrypted"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    made = plain() if request.param == "plain" else encrypted(request.getfixturevalue("certificate"))
    yield made
    for end in made:
        end.close()


def test_work_is_done_until_the_answer_comes(pair: Pair) -> None:
    ours, theirs = pair
    ours.settimeout(30)
    with meanwhile(lambda: theirs.sendall(b"an answer\n")), ours.makefile("rb") as file:
        assert file.read(3) == b"an "
    with ours.makefile("rb") as file:
        theirs.sendall(b"and another\n")
        assert file.readline().endswith(b"another\n")


def test_an_answer_that_does_not_come_is_a_timeout(pair: Pair) -> None:
    ours, _ = pair
    ours.settimeout(0.25)
    times: list[None] = []
    with meanwhile(lambda: times.append(None)), ours.makefile("rb") as file, pytest.raises(TimeoutError):
        file.read(1)
    assert len(times) >= 2


def test_a_long_answer_is_read_to_its_end(pair: Pair) -> None:
    ours, theirs = pair
    ours.settimeout(5)
    answer = b"x" * 300_000
    sender = threading.Thread(target=theirs.sendall, args=(answer,))
    sender.start()
    with ours.makefile("rb") as file:
        assert file.read(len(answer)) == answer
    sender.join()
