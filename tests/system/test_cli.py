"""The verbs: what they print and how they end."""

import json
import os
import re

import onput

README = os.path.join(os.path.dirname(__file__), "..", "..", "README.md")


class Words(onput.Test):
    def test_suggests_a_verb(self):
        result = onput.run("serv")
        self.assertEqual(result.returncode, 2)
        self.assertIn('there is no verb "serv"; did you mean "serve"?', result.stderr)

    def test_refuses_unknown_flags_and_words(self):
        for words in (["check", "--conf", "x"], ["check", "-c", "x"], ["serve", "onput.yaml"],
                      ["version", "--json"], ["check", "--print=yes"], ["check", "--config"],
                      ["queue"], ["dlq", "burn"], ["policy"], ["dlq", "show", "--config",
                                                              self.config], []):
            result = onput.run(*words, cwd=self.dir)
            self.assertEqual(result.returncode, 2, words)
            self.assertTrue(result.stderr + result.stdout, words)

    def test_explains_itself(self):
        for words in (["help"], ["--help"], ["help", "serve"], ["dlq", "--help"], ["version"],
                      ["--version"]):
            result = onput.run(*words)
            self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        self.assertIn("--source-arn", onput.run("help", "policy").stdout)
        self.assertIn("webhook_token", onput.run("serve", "-h").stdout)


class Check(onput.Test):
    def test_accepts_a_good_configuration(self):
        result = onput.run("check", "--config", self.config)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("ok: 1 stores, 1 functions", result.stdout)

    def make_functions(self):
        """The code that the README speaks of, in a folder of the test's own."""
        for name, file in (("resize", "awslambdaric/__init__.py"), ("ocr", "bootstrap")):
            path = os.path.join(self.dir, name, file)
            os.makedirs(os.path.dirname(path))
            with open(path, "w", encoding="utf-8") as code:
                code.write("#!/bin/sh\n")
            os.chmod(path, 0o755)

    def test_accepts_the_readme(self):
        """With the permission that its next command asks for."""
        with open(README, encoding="utf-8") as file:
            blocks = file.read().split("```yaml\n")[1:]
        sections = {"runtime:\n": "  uid_base: 0\n"}
        for block in blocks:
            parts = re.split(r"^(\w+:\n)", block.split("```")[0], flags=re.MULTILINE)
            for name, body in zip(parts[1::2], parts[2::2]):
                sections[name] = sections.get(name, "") + body
        text = "".join(name + body for name, body in sections.items())
        text = re.sub(r"\$\{\w+\}", "a-word-of-its-own", text)
        self.make_functions()
        self.write(text.replace("/srv/functions", self.dir))
        result = onput.run("check", "--config", self.config)
        self.assertEqual(result.returncode, 0, result.stderr)
        result = onput.run("policy", "simulate", "--config", self.config, "--function", "thumbs",
                           "--source-arn", "arn:aws:s3:::photos")
        self.assertEqual((result.returncode, result.stdout.split("\n")[0]), (0, "allow"))

    def test_finds_the_configuration_in_the_working_directory(self):
        self.assertEqual(onput.run("check", cwd=self.dir).returncode, 0)

    def test_names_file_line_and_column(self):
        self.write("listen: {prot: 1}\n")
        result = onput.run("check", "--config", self.config)
        self.assertEqual(result.returncode, 3)
        self.assertIn("onput.yaml:1:10:", result.stderr)
        self.assertIn('"port"', result.stderr)

    def test_refuses_a_loop(self):
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write(text.replace("bucket: thumbnails", "bucket: photos"))
        result = onput.run("check", "--config", self.config)
        self.assertEqual(result.returncode, 3)
        self.assertIn("endless loop", result.stderr)

    def test_refuses_a_function_that_cannot_be_started(self):
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.write(text.replace("functions:\n", "functions:\n  own: {command: ./none}\n"))
        result = onput.run("check", "--config", self.config)
        self.assertEqual(result.returncode, 3)
        self.assertIn("functions.own: there is no program ./none", result.stderr)

    def test_refuses_a_missing_file(self):
        result = onput.run("check", "--config", os.path.join(self.dir, "none.yaml"))
        self.assertEqual(result.returncode, 3)
        self.assertIn("none.yaml", result.stderr)

    def test_prints_values_and_masks_secrets(self):
        result = onput.run("check", "--config", self.config, "--print", "--set", "log.level=warn")
        self.assertEqual(result.returncode, 0)
        for secret in ("secret-key-of-store", "access-key-of-store", onput.TOKEN):
            self.assertNotIn(secret, result.stdout)
        self.assertIn('secret_key: "***"', result.stdout)
        self.assertRegex(result.stdout, r"level: warn +# .*--set")
        self.assertRegex(result.stdout, r"region: \"us-east-1\" +# default")


class Policy(onput.Test):
    def simulate(self, *words, source="photos"):
        return onput.run("policy", "simulate", "--config", self.config, "--function", "thumbs",
                         "--source-arn", "arn:aws:s3:::" + source, *words)

    def test_tells_what_allows(self):
        self.configure(permissions=onput.PERMISSION)
        result = self.simulate()
        self.assertEqual(result.returncode, 0)
        self.assertTrue(result.stdout.startswith("allow\ndecided by: {"), result.stdout)

    def test_tells_why_nothing_allows(self):
        self.configure(permissions=onput.PERMISSION)
        result = self.simulate(source="other")
        self.assertEqual(result.returncode, 1)
        self.assertTrue(result.stdout.startswith("deny\nno statement applies\n"), result.stdout)
        self.assertIn("does not match", result.stdout)

    def test_answers_in_json(self):
        self.configure(permissions=onput.PERMISSION)
        answer = json.loads(self.simulate("--json").stdout)
        self.assertEqual((answer["decision"], answer["explicit"]), ("allow", True))
        self.assertEqual(answer["statement"]["Effect"], "Allow")
        answer = json.loads(self.simulate("--json", source="other").stdout)
        self.assertEqual((answer["decision"], answer["explicit"], answer["statement"]),
                         ("deny", False, None))

    def test_asks_as_an_event_would(self):
        self.configure(permissions="{statement: {Effect: Allow, Principal: '*', Action: '*', "
                                   "Resource: '*', Condition: {StringEquals: "
                                   "{'aws:PrincipalServiceName': s3.amazonaws.com}}}}")
        self.assertEqual(self.simulate().returncode, 0)
        self.assertEqual(self.simulate("--principal", "sns.amazonaws.com").returncode, 1)
        self.assertEqual(self.simulate("--principal", "*").returncode, 1)

    def test_knows_accounts_as_principals(self):
        self.configure(permissions="{principal: '111122223333'}")
        self.assertEqual(self.simulate("--principal", "111122223333").returncode, 0)
        self.assertEqual(self.simulate("--principal", "111122223334").returncode, 1)
        self.assertEqual(
            self.simulate("--principal", "arn:aws:iam::111122223333:user/a").returncode, 0)

    def test_compares_the_action_and_the_account(self):
        self.configure(permissions="{principal: s3.amazonaws.com, source_account: '000000000000'}")
        self.assertEqual(self.simulate().returncode, 0)
        self.assertEqual(self.simulate("--action", "lambda:GetFunction").returncode, 1)
        self.assertEqual(self.simulate("--source-account", "111122223333").returncode, 1)

    def test_does_not_know_the_function(self):
        result = onput.run("policy", "simulate", "--config", self.config, "--function", "nobody",
                           "--source-arn", "arn:aws:s3:::photos")
        self.assertEqual(result.returncode, 2)
        self.assertIn("nobody", result.stderr)


class Queue(onput.Test):
    """With a running daemon; the client's configuration has its port."""

    def ask(self, *words):
        return onput.run(*words, "--config", self.config, "--set",
                         "admin.port=%d" % self.daemon.admin_port)

    def test_shows_and_redrives_what_is_held(self):
        self.daemon = self.start()
        self.daemon.post("a.jpg")
        self.daemon.post("b.jpg")
        self.assertRegex(self.ask("queue", "stats").stdout, r"held +2\n")
        self.assertEqual(json.loads(self.ask("queue", "stats", "--json").stdout)["held"], 2)
        self.assertEqual(self.ask("dlq", "list").stdout, "nothing is dead\n")
        rows = [json.loads(line) for line in
                self.ask("dlq", "list", "--held", "--json").stdout.splitlines()]
        self.assertEqual([row["key"] for row in rows], ["a.jpg", "b.jpg"])
        self.assertIn("photos/a.jpg", self.ask("dlq", "list", "--held").stdout)
        shown = json.loads(self.ask("dlq", "show", str(rows[0]["id"])).stdout)
        self.assertEqual(shown["key"], "a.jpg")
        self.assertIn("Records", json.loads(shown["payload"]))
        self.assertEqual(self.ask("dlq", "redrive", "--all", "--held", "--function",
                                  "nobody").stdout, "redriven: 0\n")
        self.assertEqual(self.ask("dlq", "redrive", str(rows[0]["id"])).stdout, "redriven: 1\n")
        self.assertEqual(self.ask("dlq", "redrive", "--all", "--held").stdout, "redriven: 1\n")

    def test_lists_what_died_and_why(self):
        self.configure(permissions=onput.PERMISSION)  # nobody answers at the store's port
        self.daemon = self.start()
        self.daemon.post("a.jpg")
        self.daemon.wait_for_line(lambda line: '"msg":"attempt"' in line and "dead" in line)
        row = json.loads(self.ask("dlq", "list", "--json").stdout)
        self.assertEqual((row["state"], row["attempts"], row["key"]), ("dead", 1, "a.jpg"))
        self.assertTrue(row["reason"])

    def test_tells_missing_invocations_from_missing_daemons(self):
        self.daemon = self.start()
        self.assertEqual(self.ask("dlq", "show", "77").returncode, 1)
        self.assertEqual(self.ask("dlq", "redrive", "77").returncode, 1)
        self.assertEqual(self.ask("dlq", "show", "x").returncode, 2)
        self.assertEqual(self.ask("health").returncode, 0)
        self.daemon.stop()
        for words in (["queue", "stats"], ["dlq", "list"]):
            result = self.ask(*words)
            self.assertEqual(result.returncode, 4, words)
            self.assertIn("is onput serve running", result.stderr)
        self.assertEqual(self.ask("health").returncode, 1)


if __name__ == "__main__":
    onput.main()
