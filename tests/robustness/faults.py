"""Every way in which a store or a picture can fail leads to the right end, and work goes on."""

import json
import re
import time

import world

PICTURE_LIMIT_S = 15
USUAL_S = 1
THUMB = "thumbnails/photos/{key}/.*"

# name, method, what the store does (a final "..." means for ever), end, reason
SOURCE_FAULTS = [
    ("500-once", "500", "done", ""),
    ("500-always", "500 ...", "dead", "500 InternalError"),
    ("slow-down-twice", "503 503", "done", ""),
    ("slow-down-always", "503 ...", "dead", "503 SlowDown"),
    ("hang-once", "hang", "done", ""),
    ("hang-always", "hang ...", "dead", "time|sent nothing"),
    ("truncated-once", "truncate", "done", ""),
    ("truncated-always", "truncate ...", "dead", "connection failed"),
    ("forbidden", "403 ...", "dead", "403 AccessDenied"),
    ("gone", "404 ...", "skipped", "gone"),
    ("replaced", "412 ...", "skipped", "replaced"),
    ("reset-once", "reset", "done", ""),
    ("reset-always", "reset ...", "dead", "connection"),
    ("byte-by-byte", "slow_byte ...", "dead", "time"),
    ("redirected", "redirect ...", "dead", "307.*redirect"),
    ("huge", "huge ...", "dead", "more than"),
    ("endless", "endless ...", "dead", "more than"),
    ("proxy-page", "proxy_page ...", "dead", "eTag"),
    ("not-http", "not_http ...", "dead", "not valid HTTP"),
]
OUTPUT_FAULTS = [
    ("put-500-once", "500", "done", ""),
    ("put-500-always", "500 ...", "dead", "rendition small: .*500 InternalError"),
    ("put-slow-down", "503", "done", ""),
    ("put-stored-but-500", "stored_but_500", "done", ""),
    ("put-hang-once", "hang", "done", ""),
    ("put-reset-once", "reset", "done", ""),
    ("put-forbidden", "403 ...", "dead", "rendition small: .*403 AccessDenied"),
    ("put-no-bucket", "no_bucket ...", "dead", "404 NoSuchBucket"),
    ("put-redirected", "redirect ...", "dead", "307.*redirect"),
]
NOT_RETRIED = {"forbidden", "redirected", "huge", "endless", "put-forbidden", "put-no-bucket", "put-redirected"}


class StoreFaults(world.World):
    function = {"timeout": f"{int(2 * world.SLOWNESS)}s", "max_attempts": 2}
    sections = {"workers": {"job_threads": 8}, "limits": {"object": "1MiB"}}

    def send_all(self, rows, method, path):
        for name, actions, _, _ in rows:
            key = f"{name}.jpg"
            words = actions.split()
            forever = words[-1] == "..."
            self.store.script(method, re.escape(path.format(key=key)).replace(r"\.\*", ".*"),
                              *words[: len(words) - forever], forever=forever)
            self.events.send(self.daemon, key)

    def check_end(self, name, wanted, reason):
        key = f"{name}.jpg"
        end = self.daemon.end_of(key, 30)
        said = end.get("error") or end.get("detail", "")
        self.assertEqual(end["status"], wanted, said)
        if reason:
            self.assertRegex(said, reason)
        self.assertEqual(self.events.is_done(key, self.events.acked[key]), wanted == "done")
        attempts = len(self.daemon.attempts(key))
        if wanted == "skipped" or name in NOT_RETRIED:
            self.assertEqual(attempts, 1)
        dead = [row for row in self.daemon.invocations("dead") if row["key"] == key]
        self.assertEqual([row["reason"] for row in dead], [said] if wanted == "dead" else [])

    def check_all(self, rows):
        for name, _, wanted, reason in rows:
            with self.subTest(name):
                self.check_end(name, wanted, reason)

    def test_every_fault_of_the_store_has_its_end(self):
        self.daemon.start()
        self.send_all(SOURCE_FAULTS, "GET", "photos/{key}")
        self.send_all(OUTPUT_FAULTS, "PUT", THUMB)
        self.check_all(SOURCE_FAULTS + OUTPUT_FAULTS)
        self.events.send(self.daemon, "afterwards.jpg")
        self.assertEqual(self.daemon.end_of("afterwards.jpg")["status"], "done")
        self.daemon.wait_idle()
        self.assert_clean_stop()

    def test_a_dead_event_is_done_when_it_is_redriven(self):
        self.daemon.start()
        self.store.script("PUT", THUMB.format(key="later.jpg"), "403")
        self.events.send(self.daemon, "later.jpg")
        self.assertEqual(self.daemon.end_of("later.jpg")["status"], "dead")
        row = self.daemon.invocations("dead")[0]
        self.assertEqual(self.daemon.redrive(row["id"]), {"redriven": 1})
        self.assert_nothing_lost()
        self.assert_clean_stop()

    def test_a_store_that_is_down_loses_nothing(self):
        self.daemon.kill()
        daemon = self.new_daemon(function={"max_attempts": 100, "backoff": "100ms", "backoff_cap": "300ms"})
        daemon.start()
        self.store.script("GET", ".*", "reset", forever=True)
        keys = [self.events.send(daemon) for _ in range(30)]
        world.wait_for("retries", lambda: daemon.metric("onput_invocations_total", status="retry") >= len(keys))
        self.store.scripts.clear()
        self.assert_nothing_lost(daemon)
        self.assert_clean_stop(daemon)


class HostilePictures(world.World):
    sections = {"workers": {"count": 2, "timeout": f"{int(PICTURE_LIMIT_S * world.SLOWNESS)}s"}}

    def run_one(self, name, path):
        start = time.monotonic()
        key = self.events.send(self.daemon, f"hostile/{name}", path.read_bytes())
        end = self.daemon.end_of(key, 2 * PICTURE_LIMIT_S)
        return end, time.monotonic() - start

    def check_end(self, key, end, expected):
        said = end.get("error") or ""
        if expected["outcome"] == "ok":
            self.assertEqual(end["status"], "done", said)
            self.assertTrue(self.events.is_done(key, self.events.acked[key]))
            return
        self.assertEqual(end["status"], "dead")
        self.assertEqual(end["attempt"], 1)
        self.assertRegex(said, r"\w+ \w+")
        self.assertNotRegex(said, r"worker|deadline|signal")
        self.assertEqual([k for k in self.store.puts if f"photos/{key}/" in k[1]], [])

    def test_every_hostile_picture_ends_soon_and_clearly(self):
        folder = world.FIXTURES / "images/hostile"
        expected = json.loads((folder / "expected.json").read_text())
        self.daemon.start()
        took = {}
        for name, row in expected.items():
            with self.subTest(name):
                end, took[name] = self.run_one(name, folder / name)
                self.check_end(f"hostile/{name}", end, row)
                self.assertLess(took[name], PICTURE_LIMIT_S * world.SLOWNESS)
        slow = {n: f"{s:.1f} s" for n, s in took.items() if s > USUAL_S}
        print(f"{len(took)} pictures, slowest {max(took.values()):.2f} s, slower than {USUAL_S} s: {slow or 'none'}")
        self.assertEqual(self.daemon.metric("onput_worker_exits_total"), 0)
        self.events.send(self.daemon, "afterwards.jpg")
        self.assertEqual(self.daemon.end_of("afterwards.jpg")["status"], "done")
        self.assert_clean_stop()

    def test_every_odd_picture_is_done(self):
        folder = world.FIXTURES / "images/odd"
        self.daemon.start()
        names = sorted(path.name for path in folder.iterdir())
        for name in names:
            self.events.send(self.daemon, f"odd/{name}", (folder / name).read_bytes())
        self.daemon.wait_idle()
        self.assertEqual([(r["key"], r["reason"]) for r in self.daemon.invocations("dead")], [])
        done = [self.daemon.end_of(f"odd/{name}")["status"] for name in names]
        self.assertEqual(set(done), {"done"})
        self.assert_clean_stop()


world.main()
