"""SIGTERM during work: the daemon ends in time with 0, and what it accepted is finished, now or later."""

import concurrent.futures
import signal
import socket
import time

import world


class Drain(world.World):
    sections = {"workers": {"job_threads": 2, "drain_timeout": f"{int(10 * world.SLOWNESS)}s"}}

    def is_refused(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return True
        return False

    def test_running_work_is_finished_and_the_rest_is_kept(self):
        self.daemon.start()
        port = self.daemon.port
        self.store.delay_s = 0.3
        for _ in range(30):
            self.events.send(self.daemon)
        world.wait_for("work", lambda: self.daemon.queue()["running"] == 2)
        self.daemon.child.send_signal(signal.SIGTERM)
        world.wait_for("a closed door", lambda: self.is_refused(port), 5)
        self.assertTrue(self.daemon.is_running, "it must finish what runs, not just end")
        start = time.monotonic()
        self.assertEqual(self.daemon.wait_exit(12), 0)
        self.assertLess(time.monotonic() - start, 5 * world.SLOWNESS)
        attempts = self.daemon.attempts()
        self.assertEqual({a["status"] for a in attempts}, {"done"})
        self.assertLess(len(attempts), 30)
        self.store.delay_s = 0
        self.daemon.start()
        self.assert_nothing_lost()
        self.assertEqual(max(len(puts) for puts in self.store.puts.values()), 1)
        self.assert_clean_stop()

    def test_requests_that_never_get_whole_do_not_hold_it_up(self):
        self.daemon.start()
        head = b"POST /events/minio HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + world.TOKEN.encode()
        half = [head, head + b"\r\nContent-Length: 1000\r\n\r\n{"]
        clients = [socket.create_connection(("127.0.0.1", self.daemon.port)) for _ in range(20)]
        for at, client in enumerate(clients):
            client.sendall(half[at % 2])
        for client in clients[10:]:
            client.close()
        self.events.send(self.daemon)
        start = time.monotonic()
        self.assert_clean_stop()
        self.assertLess(time.monotonic() - start, 4 * world.SLOWNESS)
        for client in clients[:10]:
            client.close()

    def test_events_that_come_in_meanwhile_are_answered_or_sent_again(self):
        self.daemon.start()
        senders = [world.Sender(self.events, self.daemon, 20) for _ in range(4)]
        for sender in senders:
            sender.start()
        for _ in range(5):
            world.wait_for("work", lambda: len(self.daemon.attempts()) > 5)
            self.assertEqual(self.daemon.terminate(15), 0)
            self.daemon.start()
        for sender in senders:
            sender.stopping.set()
        for sender in senders:
            sender.join()
        self.assertEqual([s.refused for s in senders if s.refused], [])
        self.assert_nothing_lost()
        self.assert_clean_stop()


class DrainInVain(world.World):
    sections = {"workers": {"job_threads": 4, "drain_timeout": "500ms"}, "queue": {"max_rows": 10, "min_free": "1MiB"}}

    def start_with_a_stuck_store(self):
        self.daemon.start()
        self.store.gate.clear()
        for _ in range(10):
            self.events.send(self.daemon)
        world.wait_for("work", lambda: self.daemon.queue()["running"] == 4)

    def test_work_that_does_not_end_is_handed_back(self):
        self.start_with_a_stuck_store()
        start = time.monotonic()
        self.assertEqual(self.daemon.terminate(10), 0)
        self.assertLess(time.monotonic() - start, 4 * world.SLOWNESS)
        self.assertEqual({a["status"] for a in self.daemon.attempts()}, {"released"})
        self.store.gate.set()
        self.daemon.start()
        self.assert_nothing_lost()
        self.assertEqual({a["attempt"] for a in self.daemon.attempts()}, {1}, "a hand-back is no failure")
        self.assert_clean_stop()

    def test_a_delayed_sender_gets_an_answer(self):
        self.start_with_a_stuck_store()
        with concurrent.futures.ThreadPoolExecutor(4) as senders:
            made = [self.events.make() for _ in range(4)]
            futures = [senders.submit(world.post, self.daemon.port, event) for _, _, event in made]
            self.assertEqual(len(concurrent.futures.wait(futures, timeout=0.5).done), 0)
            self.assertEqual(self.daemon.terminate(10), 0)
            self.assertEqual({f.result().status for f in futures}, {503})
        self.store.gate.set()
        self.daemon.start()
        self.assert_nothing_lost()
        self.assert_clean_stop()

    def test_a_second_signal_does_no_harm(self):
        self.start_with_a_stuck_store()
        self.daemon.child.send_signal(signal.SIGTERM)
        self.daemon.child.send_signal(signal.SIGTERM)
        self.daemon.child.send_signal(signal.SIGINT)
        self.assertEqual(self.daemon.wait_exit(10), 0)
        self.store.gate.set()
        self.daemon.start()
        self.assert_nothing_lost()
        self.assert_clean_stop()


world.main()
