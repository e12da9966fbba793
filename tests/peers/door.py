"""A load balancer in miniature: passes requests on while it is open, answers 503 while it is shut.

Ceph RGW 16.2 takes a refused connection for a delivered event, so an onput that is merely not
running loses what a persistent topic holds. Behind something that answers 503 nothing is lost.
"""

import http.client
import threading

from process import LOOPBACK
from recorder import Recorder


REFUSAL_S = 0.1


class Door(Recorder):
    """A refusal takes its time: the sender of radosgw 16.2 can stop for good after many fast ones."""

    def __init__(self, port):
        super().__init__()
        self._onput_port = port
        self._opened = threading.Event()
        self._counting = threading.Lock()
        self.turned_away = 0

    def open(self):
        self._opened.set()

    def shut(self):
        self._opened.clear()
        self.turned_away = 0

    def keep(self, request):
        """Answer one request; unlike its parent it keeps nothing."""
        if self._opened.wait(REFUSAL_S):
            try:
                return self._pass_on(request)
            except OSError:
                pass
        with self._counting:
            self.turned_away += 1
        return 503

    def _pass_on(self, request):
        method, path, _ = request.line.split(" ")
        connection = http.client.HTTPConnection(LOOPBACK, self._onput_port, timeout=60)
        headers = {"Content-Type": request.headers.get("content-type", "application/json")}
        connection.request(method, path, request.body, headers)
        status = connection.getresponse().status
        connection.close()
        return status
