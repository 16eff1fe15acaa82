"""A proxy to a server, whose connections can be cut."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress


class Proxy:
    """Passes on everything to and from a server, until `mute` or `cut` is called.

    `cut` ends all connections and refuses new ones, `mute` keeps them and passes nothing on, `mend` makes it work again.
    It is at `port` on this machine all the time.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._is_muted = False
        self._is_closed = False
        self._door: socket.socket | None = None
        self.port = 0
        self.restore()

    def restore(self) -> None:
        """Let everything through."""
        self._is_muted = False
        if self._door is None:
            door = socket.create_server(("127.0.0.1", self.port))
            self.port = door.getsockname()[1]
            self._door = door
            threading.Thread(target=self._welcome, args=(door,), daemon=True).start()

    def mute(self) -> None:
        """Pass on nothing, as a network whose other end is gone."""
        self._is_muted = True

    def cut(self) -> None:
        """End all connections, as a server that is stopped."""
        door, self._door = self._door, None
        if door is not None:
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End for good."""
        self._is_closed = True
        self.cut()

    def _welcome(self, door: socket.socket) -> None:
        while True:
            try:
                client, _ = door.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            with self._lock:
                if self._door is not door:
                    client.close()
                    server.close()
                    return
                self._pairs.append((client, server))
            threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        other = {client: server, server: client}
        try:
            while not self._is_closed:
                readable = [] if self._is_muted else select.select([client, server], [], [], 0.05)[0]
                if self._is_muted:
                    select.select([], [], [], 0.05)
                for end in readable:
                    data = end.recv(65536)
                    if not data:
                        return
                    if not self._is_muted:
                        other[end].sendall(data)
        except OSError:
            return
        finally:
            client.close()
            server.close()
