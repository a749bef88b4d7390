"""A server that is far away: a TCP proxy with a delay."""

import queue
import socket
import threading
import time

DELAY_S = 0.010  # each way


class Far:
    """Stands at .port before a port of this machine."""

    def __init__(self, port):
        self.target = port
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.server.accept()
            far = socket.create_connection(("127.0.0.1", self.target))
            for peer in (near, far):
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pump(near, far)
            self.pump(far, near)

    def pump(self, source, target):
        waiting = queue.Queue()

        def read():
            while octets := source.recv(65536):
                waiting.put((time.monotonic() + DELAY_S, octets))
            waiting.put((0, b""))

        def write():
            while True:
                due, octets = waiting.get()
                if not octets:
                    return target.shutdown(socket.SHUT_WR)
                time.sleep(max(0, due - time.monotonic()))
                target.sendall(octets)

        for work in (read, write):
            threading.Thread(target=quietly(work), daemon=True).start()


def quietly(work):
    def run():
        try:
            work()
        except OSError:
            pass

    return run
