"""More events than the queue takes, and the same event many times."""

import concurrent.futures

import world

ROWS = 50
WAIT_FOR_ROOM_S = 5  # how long a submission waits before it is refused


class Flood(world.World):
    sections = {"queue": {"max_rows": ROWS, "min_free": "1MiB"}}

    def setUp(self):
        super().setUp()
        self.senders = concurrent.futures.ThreadPoolExecutor(40)
        self.addCleanup(self.senders.shutdown)
        self.daemon.start()

    def send_at_once(self, made):
        """Sends each on its own connection; returns the futures."""
        return [self.senders.submit(world.post, self.daemon.port, event) for _, _, event in made]

    def fill(self):
        """The queue is full, and the store answers nobody."""
        self.store.gate.clear()
        for _ in range(ROWS):
            self.events.send(self.daemon)

    def test_a_full_queue_delays_then_refuses_and_loses_nothing(self):
        self.fill()
        made = [self.events.make() for _ in range(20)]
        answers = [future.result() for future in self.send_at_once(made)]
        self.assertEqual({a.status for a in answers}, {503})
        for answer in answers:
            self.assertGreater(int(answer.headers["Retry-After"]), 0)
            self.assertIn(b"queue.max_rows", answer.body)
            self.assertGreater(answer.seconds, WAIT_FOR_ROOM_S - 1)
            self.assertLess(answer.seconds, WAIT_FOR_ROOM_S + 3 * world.SLOWNESS)
        self.assertEqual(self.daemon.queue()["pending"], ROWS)
        self.store.gate.set()
        self.send_again(made)
        self.check_exactly_once(ROWS + len(made))

    def send_again(self, made):
        for (key, etag, _), future in zip(made, self.send_at_once(made)):
            answer = future.result()
            self.assertEqual((answer.status, answer.decisions), (200, ["queued"]))
            self.events.acknowledge(key, etag)

    def check_exactly_once(self, count):
        self.assert_nothing_lost()
        self.assertEqual(len(self.events.acked), count)
        self.assertEqual(self.daemon.metric("onput_invocations_total", status="done"), count)
        self.assertEqual(self.daemon.metric("onput_invocations_total"), count)
        self.assertEqual({name: len(puts) for name, puts in self.store.puts.items() if len(puts) > 1}, {})
        self.assertEqual(len(self.store.puts), count * len(world.RENDITIONS))
        self.assert_clean_stop()

    def test_a_delayed_sender_is_served_when_there_is_room(self):
        self.fill()
        made = [self.events.make() for _ in range(20)]
        futures = self.send_at_once(made)
        done, _ = concurrent.futures.wait(futures, timeout=1)
        self.assertEqual(len(done), 0)
        self.store.gate.set()
        for (key, etag, _), future in zip(made, futures):
            self.assertEqual(future.result().status, 200)
            self.events.acknowledge(key, etag)
        self.check_exactly_once(ROWS + len(made))

    def test_the_same_event_many_times_is_rendered_once(self):
        made = self.events.make()
        decisions = []
        for future in self.send_at_once([made] * 20):
            answer = future.result()
            self.assertEqual(answer.status, 200)
            decisions += answer.decisions
        self.assertEqual(sorted(decisions), ["duplicate"] * 19 + ["queued"])
        self.events.acknowledge(*made[:2])
        self.daemon.wait_idle()
        self.assertEqual(world.post(self.daemon.port, made[2]).decisions, ["duplicate"])
        self.check_exactly_once(1)

    def test_a_full_queue_still_knows_what_it_has(self):
        self.store.gate.clear()
        made = [self.events.make() for _ in range(ROWS)]
        for key, etag, event in made:
            self.assertEqual(world.post(self.daemon.port, event).status, 200)
            self.events.acknowledge(key, etag)
        answer = world.post(self.daemon.port, made[0][2])
        self.assertIn(answer.status, (200, 503))
        self.store.gate.set()
        self.check_exactly_once(ROWS)


world.main()
