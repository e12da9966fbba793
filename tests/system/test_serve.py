"""onput serve: its start, its signals, its end."""

import json
import os
import signal

import onput


class Serve(onput.Test):
    def test_says_what_it_listens_to_and_drains_on_sigterm(self):
        daemon = self.start()
        block = "\n".join(daemon.lines)
        self.assertIn("store minio: http://127.0.0.1:9, webhook credential: token", block)
        self.assertIn("photos -> thumbs", block)
        self.assertIn("function thumbs: thumbnail, 1 renditions to bucket thumbnails", block)
        self.assertIn(self.dir + "/state", block)
        self.assertNotIn("secret-key-of-store", block)
        self.assertNotIn(onput.TOKEN, block)
        status, body = daemon.ask("/readyz")
        self.assertEqual((status, json.loads(body)["status"]), (200, "ready"))
        self.assertEqual(daemon.stop(), 0)

    def test_ends_on_sigint_as_on_sigterm(self):
        daemon = self.start()
        daemon.signal(signal.SIGINT)
        self.assertEqual(daemon.process.wait(onput.DEADLINE_S), 0)

    def test_keeps_what_it_accepted(self):
        daemon = self.start()
        self.assertEqual(daemon.post("a.jpg")["decision"], "held")
        self.assertEqual(daemon.stop(), 0)
        daemon = self.start()
        _, body = daemon.ask("/admin/queue")
        self.assertEqual(json.loads(body)["held"], 1)
        self.assertEqual(daemon.post("a.jpg")["decision"], "duplicate")

    def test_says_which_permission_is_missing(self):
        daemon = self.start()
        daemon.post("a.jpg")
        line = json.loads(daemon.wait_for_line(lambda text: "event not queued" in text))
        self.assertIn("arn:aws:s3:::photos", line["to_allow"])
        self.assertTrue(line["to_allow"].startswith("aws lambda add-permission --function-name thumbs "))

    def test_releases_held_events_when_sighup_brings_a_permission(self):
        daemon = self.start()
        self.assertEqual(daemon.post("a.jpg")["decision"], "held")
        self.configure(permissions=onput.PERMISSION)
        daemon.signal(signal.SIGHUP)
        daemon.wait_for_line(lambda text: "released held events" in text)
        _, body = daemon.ask("/admin/queue")
        self.assertEqual(json.loads(body)["held"], 0)
        self.assertEqual(daemon.post("b.jpg")["decision"], "queued")

    def test_releases_held_events_at_start(self):
        daemon = self.start()
        daemon.post("a.jpg")
        daemon.stop()
        self.configure(permissions=onput.PERMISSION)
        daemon = self.start()
        daemon.wait_for_line(lambda text: "released held events" in text)

    def test_keeps_its_configuration_when_the_new_one_is_broken(self):
        self.configure(permissions=onput.PERMISSION)
        daemon = self.start()
        for broken in ("stores: [", "functions: {thumbs: {builtin: nothing}}\n"):
            self.write(broken)
            before = len(daemon.lines)
            daemon.signal(signal.SIGHUP)
            daemon.wait_for_line(lambda text, n=before: "the new configuration is not used" in text
                                 and text in daemon.lines[n:])
            self.assertEqual(daemon.post("k%d" % before)["decision"], "queued")
        self.assertEqual(daemon.stop(), 0)

    def test_refuses_a_state_folder_that_is_in_use(self):
        self.start()
        second = onput.run("serve", "--config", self.config)
        self.assertEqual(second.returncode, 1)
        self.assertIn("state", second.stderr)
        self.assertRegex(second.stderr, "in use|another|already|locked")
        self.assertEqual(second.stderr.count("onput: "), 1)

    def test_refuses_a_port_that_is_taken(self):
        daemon = self.start()
        second = onput.run("serve", "--config", self.config, "--set",
                           "listen.port=%d" % daemon.port, "--set",
                           "state.dir=" + os.path.join(self.dir, "other"))
        self.assertEqual(second.returncode, 1)
        self.assertIn(str(daemon.port), second.stderr)

    def test_names_the_worker_that_it_cannot_run(self):
        result = onput.run("serve", "--config", self.config, "--set",
                           "workers.program=/nowhere/onput-worker")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere/onput-worker", result.stderr)

    def test_counts_what_it_does(self):
        daemon = self.start()
        daemon.post("a.jpg")
        _, body = daemon.ask("/metrics")
        self.assertIn('onput_events_decided_total{store="minio",decision="held"} 1', body)
        self.assertIn('onput_build_info{version="', body)
        self.assertIn("onput_workers{", body)


if __name__ == "__main__":
    onput.main()
