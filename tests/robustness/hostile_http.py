"""Connections that mean no good: honest events get through meanwhile, each within a second."""

import http.client
import os
import socket
import ssl
import threading
import time

import world

SLOW_CLIENTS = 200
HONEST_EVENTS = 40
LIMIT_S = 1


class Trickle(threading.Thread):
    """Many connections that send a request a byte at a time and never finish it."""

    REQUEST = b"POST /events/minio HTTP/1.1\r\nHost: onput\r\nX-Slow: " + b"y" * 10000

    def __init__(self, port, count):
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.connections = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(count)]

    def run(self):
        for at in range(len(self.REQUEST)):
            for c in self.connections:
                try:
                    c.send(self.REQUEST[at : at + 1])
                except OSError:
                    pass
            if self.stopping.wait(0.1):
                break
        for c in self.connections:
            c.close()


def exchange(port, data, seconds=1):
    """Sends bytes, and returns what comes back until the other side closes or says nothing."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as c:
        received = b""
        try:
            c.sendall(data)
            c.shutdown(socket.SHUT_WR)
            while chunk := c.recv(65536):
                received += chunk
        except OSError:
            pass
        return received


def tls_hello():
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="onput.example")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


HEAD = b"POST /events/minio HTTP/1.1\r\nHost: onput\r\nAuthorization: Bearer " + world.TOKEN.encode() + b"\r\n"
BAD_REQUESTS = {
    "garbage": bytes(range(256)) * 64,
    "zeros": bytes(100000),
    "tls": tls_hello(),
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "a header of a mebibyte": HEAD + b"X-Large: " + b"x" * 1024 * 1024 + b"\r\n\r\n",
    "many headers": HEAD + b"".join(b"X-%d: y\r\n" % i for i in range(100000)) + b"\r\n",
    "a request line without end": b"GET /" + b"a" * 1024 * 1024,
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a body that is announced too large": HEAD + b"Content-Length: 99999999999\r\n\r\n{",
    "a chunk of all sizes": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nx",
    "a body that ends early": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "deep JSON": HEAD + b"Content-Length: 100000\r\n\r\n" + b"[" * 100000,
    "no JSON": HEAD + b"Content-Length: 5\r\n\r\nhello",
    "a path with a NUL": b"POST /events/mi\x00nio HTTP/1.1\r\nHost: onput\r\n\r\n",
}


class HostileClients(world.World):
    def setUp(self):
        super().setUp()
        self.daemon.start()
        self.slowest = 0.0

    def honest(self, count=1):
        for _ in range(count):
            start = time.monotonic()
            self.events.send(self.daemon)
            self.slowest = max(self.slowest, time.monotonic() - start)
        self.assertLess(self.slowest, LIMIT_S * world.SLOWNESS)

    def check_health(self):
        self.assertTrue(self.daemon.is_running)
        self.assert_nothing_lost()
        print(f"slowest honest event {self.slowest * 1000:.0f} ms")
        self.assert_clean_stop()

    def test_slow_clients_do_not_hold_up_the_others(self):
        trickle = Trickle(self.daemon.port, SLOW_CLIENTS)
        trickle.start()
        self.honest(HONEST_EVENTS)
        silent = [socket.create_connection(("127.0.0.1", self.daemon.port)) for _ in range(SLOW_CLIENTS)]
        self.honest(HONEST_EVENTS)
        for c in silent:
            c.close()
        trickle.stopping.set()
        trickle.join()
        self.check_health()

    def test_bad_requests_are_refused_and_nothing_else_happens(self):
        for name, request in BAD_REQUESTS.items():
            with self.subTest(name):
                reply = exchange(self.daemon.port, request)
                if reply:
                    self.assertRegex(reply, rb"^HTTP/1\.1 (4\d\d|505) ")
                self.honest()
        self.assertEqual(self.daemon.metric("onput_events_decided_total"), len(self.events.acked))
        self.check_health()

    def test_bad_requests_at_the_same_time_as_good_ones(self):
        stop = threading.Event()

        def attack():
            requests = list(BAD_REQUESTS.values()) + [os.urandom(5000)]
            while not stop.is_set():
                for request in requests:
                    if stop.is_set():
                        break
                    try:
                        exchange(self.daemon.port, request, 0.2)
                    except OSError:
                        pass

        attackers = [threading.Thread(target=attack, daemon=True) for _ in range(4)]
        for attacker in attackers:
            attacker.start()
        self.honest(HONEST_EVENTS)
        stop.set()
        for attacker in attackers:
            attacker.join()
        self.check_health()

    def test_clients_that_leave_before_their_answer(self):
        made = [self.events.make() for _ in range(50)]
        for key, etag, event in made:
            with socket.create_connection(("127.0.0.1", self.daemon.port)) as c:
                c.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(event) + event)
        for key, etag, event in made:
            self.assertEqual(world.post(self.daemon.port, event).status, 200)
            self.events.acknowledge(key, etag)
        self.honest()
        self.check_health()

    def test_wrong_credentials_change_nothing(self):
        _, _, event = self.events.make()
        for value in ("", "Bearer wrong", world.TOKEN + "x", "Bearer"):
            c = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=5 * world.SLOWNESS)
            c.request("POST", "/events/minio", event, {"Authorization": value} if value else {})
            self.assertIn(c.getresponse().status, (401, 403))
            c.close()
        self.honest()
        self.daemon.wait_idle()
        self.assert_clean_stop()


world.main()
