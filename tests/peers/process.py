"""Child processes of the peer tests: ports, start, readiness, stop.

Every peer (MinIO, the three Ceph daemons, onput) is a Process: it lives in its own process group,
writes to its own log file, and is killed with that group, also when pytest itself is killed.
"""

import ctypes
import os
import signal
import socket
import subprocess
import time

LOOPBACK = "127.0.0.1"
POLL_S = 0.05
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class PeerError(Exception):
    """A peer did not start, stop or become ready; the text holds the end of its log."""


def free_ports(count):
    """Let the kernel choose `count` different free ports; all are held until all are chosen."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for sock in sockets:
            sock.bind((LOOPBACK, 0))
        return [sock.getsockname()[1] for sock in sockets]
    finally:
        for sock in sockets:
            sock.close()


def wait_until(check, timeout_s, what):
    """Poll `check` until it returns something true, and return that; PeerError after the deadline.

    `what` is text, or a function that describes the state at the deadline.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise PeerError(f"not within {timeout_s} s: {text}")
        time.sleep(POLL_S)


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    def __init__(self, argv, log_path, env=None, cwd=None):
        self.argv = [str(word) for word in argv]
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.child = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=env,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def log_text(self):
        with open(self.log_path, "r", errors="replace") as log:
            return log.read()

    def log_tail(self, lines=40):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def wait_ready(self, check, timeout_s):
        """Poll `check` until true; a process that exits meanwhile is reported at once."""

        def ready_or_dead():
            if self.child.poll() is not None:
                raise PeerError(
                    f"{self.argv[0]} ended with {self.child.returncode}:\n{self.log_tail()}"
                )
            return check()

        wait_until(ready_or_dead, timeout_s, lambda: f"{self.argv[0]} ready:\n{self.log_tail()}")

    def stop(self, timeout_s=20):
        """SIGTERM, then SIGKILL for the whole group; returns the exit code of the leader."""
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(timeout_s)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        return self.child.returncode

    def kill(self):
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()
