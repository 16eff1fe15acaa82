"""`.ci/run` names the server that is missing, before any test fails for want of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from tool_scripts import load_tool

TALKS = {
    "PostgreSQL": b"N",
    "MariaDB": b"\x4a\0\0\0\x0a11.8.3-MariaDB\0",
    "RabbitMQ": b"\x01\0\0\0\0\x01\x26",
    "Redis": b"+PONG\r\n",
}


@pytest.fixture(scope="module")
def check_services() -> ModuleType:
    return load_tool("check_services")


@pytest.fixture
def server() -> Iterator[Callable[[bytes | None], str]]:
    """Starts a server that always gives this answer, or none, and returns its address."""
    listening: list[socket.socket] = []

    def serve(listener: socket.socket, answer: bytes | None) -> None:
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            kept.append(connection)
            if answer is not None:
                connection.sendall(answer)

    def start(answer: bytes | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)
        threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
        return f"any://127.0.0.1:{listener.getsockname()[1]}/x"

    kept: list[socket.socket] = []
    yield start
    for each in (*listening, *kept):
        if each in listening:
            each.shutdown(socket.SHUT_RDWR)
        each.close()


@pytest.mark.parametrize("name", TALKS)
def test_a_server_that_answers_is_fine(check_services: ModuleType, server: Callable[[bytes | None], str], name: str) -> None:
    service = next(each for each in check_services.SERVICES if each.name == name)
    assert check_services.wait_for(service, {service.variable: server(TALKS[name])}) == ""


@pytest.mark.parametrize(
    ("answer", "problem"),
    [(None, "does not answer"), (b"HTTP/1.1 400 Bad Request\r\n", "is not what answers (b'HTTP/"), (b"\0", "is not what answers (b'\\x00')")],
)
def test_a_server_that_does_not_answer_as_it_should_is_named(
    check_services: ModuleType, server: Callable[[bytes | None], str], answer: bytes | None, problem: str
) -> None:
    for service in check_services.SERVICES:
        url = server(answer)
        said = check_services.wait_for(service, {service.variable: url}, start_seconds=0, answer_seconds=0.2)
        assert said.startswith(f"{service.name} {problem}")
        assert said.endswith(f" at {url[6:-2]}. Start it, or set {service.variable}.")


def test_each_missing_server_is_one_line_and_an_exit_code(
    check_services: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for service in check_services.SERVICES:
        monkeypatch.setenv(service.variable, f"any://127.0.0.1:{port}/x")
    assert check_services.main(start_seconds=0) == 1
    assert capsys.readouterr().err == "".join(
        f"ERROR: {service.name} cannot be reached (Connection refused) at 127.0.0.1:{port}. Start it, or set {service.variable}.\n"
        for service in check_services.SERVICES
    )
