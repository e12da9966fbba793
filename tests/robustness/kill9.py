"""The daemon and its workers are killed while they work: what was acknowledged is done in the end.

ONPUT_SEED repeats a run's random moments; ONPUT_ROUNDS sets how often the daemon is killed.
"""

import json
import os
import random
import signal
import time

import aws_call
import world

ROUNDS = int(os.environ.get("ONPUT_ROUNDS", "25"))
SEED = int(os.environ.get("ONPUT_SEED", str(time.time_ns() % 1_000_000)))
LONGEST_LIFE_S = 0.4
WORKER_KILLS = 8


class Caller(world.Sender):
    """Invokes the function itself, asynchronously, until that is accepted."""

    accepted = 202

    def request(self, key, event):
        payload = json.dumps({"bucket": "photos", "key": key}).encode()
        return aws_call.invoke_async(self.connection, "thumbs", payload)


class KillTheDaemon(world.World):
    sections = {"users": aws_call.USERS}

    def live_and_die(self, chance):
        """One life. Every fifth ends while it starts, the others at some moment after it is ready."""
        self.daemon.spawn()
        life = chance.random() * LONGEST_LIFE_S
        if chance.random() < 0.2:
            time.sleep(life / 4)
            self.daemon.kill()
            return []
        self.daemon.wait_ready()
        time.sleep(life)
        workers = self.daemon.workers()
        self.daemon.kill()
        return workers

    def test_what_was_acknowledged_before_a_kill_is_done_after_it(self):
        print(f"seed {SEED}")
        chance = random.Random(SEED)
        senders = [world.Sender(self.events, self.daemon, n) for n in (30, 30, 30, 1)]
        callers = [Caller(self.events, self.daemon, n) for n in (30, 1)]
        senders += callers
        for sender in senders:
            sender.start()
        orphans = []
        for _ in range(ROUNDS):
            orphans += self.live_and_die(chance)
        self.daemon.start()
        for sender in senders:
            sender.stopping.set()
        for sender in senders:
            sender.join()
        self.assert_nothing_lost()
        self.assertEqual([s.refused for s in senders if s.refused], [])
        world.wait_for("the end of orphaned workers", lambda: not any(map(world.is_alive, orphans)), 10)
        print(f"{ROUNDS} kills, {len(self.events.acked)} acknowledged, {sum(s.resent for s in senders)} sent again")
        self.assertGreater(len(self.events.acked), ROUNDS)
        self.assertGreater(min(caller.delivered for caller in callers), 0)
        self.assert_clean_stop()


class KillTheWorkers(world.World):
    function = {"max_attempts": 20, "backoff": "10ms", "backoff_cap": "50ms"}
    sections = {"workers": {"count": 2, "timeout": f"{int(2 * world.SLOWNESS)}s"}}

    def hit(self, number):
        world.wait_for("a busy worker", lambda: self.daemon.metric("onput_workers", state="busy") > 0)
        return self.send_to_workers(number)

    def send_to_workers(self, number):
        workers = self.daemon.workers()
        for pid in workers:
            world.signal_quietly(pid, number)
        return workers

    def test_a_killed_worker_costs_an_attempt_and_no_more(self):
        self.daemon.start()
        pid = self.daemon.pid
        large = (world.FIXTURES / "images/photos/aitzgorri.webp").read_bytes()
        for _ in range(WORKER_KILLS):
            self.events.send(self.daemon, body=large)
        killed = set()
        while len(killed) < WORKER_KILLS:
            killed.update(self.hit(signal.SIGKILL))
        self.assert_nothing_lost()
        self.assertEqual(self.daemon.pid, pid)
        self.assertTrue(self.daemon.is_running)
        self.assertGreaterEqual(self.daemon.metric("onput_worker_exits_total"), len(killed))
        self.assertGreater(self.daemon.metric("onput_invocations_total", status="retry"), 0)
        self.assertEqual(self.daemon.metric("onput_invocations_total", status="done"), WORKER_KILLS)
        self.assert_clean_stop()

    def test_a_worker_that_hangs_is_replaced(self):
        self.daemon.start()
        frozen = world.wait_for("two workers", lambda: len(self.daemon.workers()) == 2 and self.daemon.workers())
        self.send_to_workers(signal.SIGSTOP)
        for _ in range(6):
            self.events.send(self.daemon)
        self.assert_nothing_lost()
        self.assertGreaterEqual(self.daemon.metric("onput_worker_exits_total", reason="timeout"), 1)
        world.wait_for("the end of hanging workers", lambda: not any(map(world.is_alive, frozen)), 10)
        self.assert_clean_stop()


world.main()
