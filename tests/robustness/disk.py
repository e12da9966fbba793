"""A full disk: senders are told to come back, and nothing that was acknowledged is lost.

The state directory is a small tmpfs in a mount namespace of this process alone.
"""

import os
import pathlib
import subprocess
import sys

import world

MIB = 1024 * 1024
DISK_MIB = 16
INSIDE = "ONPUT_DISK_INSIDE"


class FullDisk(world.World):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.ballast = self.disk / "ballast"

    def start(self, min_free):
        daemon = self.new_daemon(state=self.disk / "state", sections={"queue": {"min_free": min_free}})
        return daemon.start()

    def free_bytes(self):
        fs = os.statvfs(self.disk)
        return fs.f_bavail * fs.f_frsize

    def leave(self, bytes_free):
        size = max(self.free_bytes() - bytes_free, 0)
        with open(self.ballast, "ab") as file:
            file.write(b"x" * size)

    def send_until_refused(self, daemon):
        while True:
            key, etag, event = self.events.make()
            answer = world.post(daemon.port, event)
            if answer.status != 200:
                return key, etag, event, answer
            self.events.acknowledge(key, etag)

    def test_below_the_reserve_senders_are_told_to_come_back(self):
        daemon = self.start("4MiB")
        self.events.send(daemon)
        self.leave(2 * MIB)
        key, etag, event, answer = self.send_until_refused(daemon)
        self.assertEqual(answer.status, 503)
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertIn(b"queue.min_free", answer.body)
        self.ballast.unlink()
        answer = world.post(daemon.port, event)
        self.assertEqual((answer.status, answer.decisions), (200, ["queued"]))
        self.events.acknowledge(key, etag)
        self.assert_nothing_lost(daemon)
        self.assert_clean_stop(daemon)

    def test_a_sender_that_waits_is_served_when_room_is_made(self):
        daemon = self.start("4MiB")
        self.leave(2 * MIB)
        key, etag, event, answer = self.send_until_refused(daemon)
        self.assertEqual(answer.status, 503)
        sender = world.Sender(self.events, daemon)
        sender.start()
        world.wait_for("an event on its way", lambda: self.events.count > 1)
        self.ballast.unlink()
        world.wait_for("an acknowledgement", lambda: self.events.acked, 10)
        sender.stopping.set()
        sender.join()
        self.assert_nothing_lost(daemon)
        self.assert_clean_stop(daemon)

    def test_without_a_reserve_a_failed_write_ends_the_daemon_and_nothing_is_lost(self):
        daemon = self.start("0")
        self.store.gate.clear()
        for _ in range(20):
            self.events.send(daemon)
        self.leave(0)
        failed = None
        try:
            failed = self.send_until_refused(daemon)
        except OSError:
            pass
        if failed is not None:
            self.assertEqual(failed[3].status, 503)
        self.store.gate.set()
        self.assertNotEqual(daemon.wait_exit(40), 0)
        self.assertIn("full", daemon.log_text())
        self.ballast.unlink()
        daemon.start()
        self.assert_nothing_lost(daemon)
        self.assertGreaterEqual(len(self.events.acked), 20)
        self.assert_clean_stop(daemon)

    def test_a_start_on_a_full_disk_says_so(self):
        self.leave(0)
        daemon = self.new_daemon(state=self.disk / "state")
        daemon.spawn()
        self.assertNotEqual(daemon.wait_exit(20), 0)
        self.assertRegex(daemon.log_text(), "full|No space left")


def enter_namespace():
    """Runs this script again where it may mount; ends with the skip code where nobody lets it."""
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    probe = 'mount -t tmpfs -o size=1m tmpfs "$1"'
    here = pathlib.Path(__file__).resolve().parent
    allowed = subprocess.run([*unshare, "sh", "-c", probe, "sh", here], capture_output=True, text=True)
    if allowed.returncode != 0:
        print(f"SKIP: a tmpfs cannot be mounted here: {allowed.stderr.strip()}")
        sys.exit(world.SKIP_CODE)
    os.execvpe(unshare[0], [*unshare, sys.executable, *sys.argv], os.environ | {INSIDE: "1"})


if INSIDE not in os.environ:
    enter_namespace()
world.main()
