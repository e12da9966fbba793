"""onput generate-event and onput invoke, alone and together."""

import json
import urllib.parse

import onput

KEY = 'summer 2026/a+b & "ü".jpg'
STORES = {"aws": urllib.parse.unquote_plus, "minio": urllib.parse.unquote_plus,
          "rustfs": urllib.parse.unquote_plus, "ceph": str}
EVENTS = {"put": "ObjectCreated:Put", "post": "ObjectCreated:Post", "copy": "ObjectCreated:Copy",
          "multipart": "ObjectCreated:CompleteMultipartUpload", "delete": "ObjectRemoved:Delete"}
MORE = """
users:
  admin: {access_key: AKIAADMIN, secret_key: secret-of-admin, root: true}
  nobody: {access_key: AKIANOBODY, secret_key: secret-of-nobody}
"""


def generate(*words):
    return onput.run("generate-event", *words)


class GenerateEvent(onput.Test):
    def test_writes_what_each_store_writes(self):
        for store, unescape in STORES.items():
            for event, name in EVENTS.items():
                with self.subTest(store=store, event=event):
                    result = generate("s3", event, "--store", store, "--bucket", "my-photos", "--key", KEY)
                    self.assertEqual((result.returncode, result.stderr), (0, ""))
                    record = json.loads(result.stdout)["Records"][0]
                    self.assertEqual(record["eventName"].removeprefix("s3:"), name)
                    self.assertEqual(record["s3"]["bucket"]["name"], "my-photos")
                    self.assertEqual(unescape(record["s3"]["object"]["key"]), KEY)
                    self.assertEqual("eTag" in record["s3"]["object"], event != "delete")

    def test_has_a_region_where_the_service_tells_it(self):
        for words, path in ((["s3", "put"], "awsRegion"), (["sqs"], "awsRegion"),
                            (["kinesis", "get-records"], "awsRegion"), (["dynamodb"], "awsRegion")):
            result = generate(*words, "--region", "eu-west-1")
            self.assertEqual(json.loads(result.stdout)["Records"][0][path], "eu-west-1", words)
        self.assertIn(".eu-west-1.", json.loads(
            generate("apigw", "--region=eu-west-1").stdout)["requestContext"]["domainName"])

    def test_names_what_there_is_when_asked_for_something_else(self):
        for words in (["s3", "burn"], ["s3"], ["smtp"], ["sqs", "put"], ["s3", "put", "--store", "tape"]):
            result = generate(*words)
            self.assertEqual((result.returncode, result.stdout), (2, ""), words)
            self.assertIn("s3 multipart", result.stderr)
        self.assertEqual(generate().returncode, 2)


class Invoke(onput.Test):
    def setUp(self):
        super().setUp()
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("  hello: {builtin: echo}\n" + MORE)
        self.daemon = self.start()

    def invoke(self, *words, stdin=None):
        return onput.run("invoke", *words, "--config", self.config, "--set",
                         f"listen.port={self.daemon.port}", stdin=stdin)

    def test_prints_the_result_and_tells_about_the_run(self):
        event = json.dumps({"greeting": "grüß dich"}, ensure_ascii=False)
        result = self.invoke("hello", "-e", "-", stdin=event)
        self.assertEqual((result.returncode, result.stdout), (0, event + "\n"))
        self.assertRegex(result.stderr, r"START RequestId: [0-9a-f-]{36} Version: \$LATEST\n")
        self.assertRegex(result.stderr, r"succeeded: [0-9.]+ ms, memory \d+ MB, version \$LATEST, request ")

    def test_reads_the_event_from_a_file_and_takes_none_for_an_empty_object(self):
        path = self.dir + "/event.json"
        with open(path, "w", encoding="utf-8") as file:
            file.write("[1, 2]")
        self.assertEqual(self.invoke("hello", "--event", path).stdout, "[1, 2]\n")
        self.assertEqual(self.invoke("hello").stdout, "{}\n")

    def test_ends_with_1_when_the_function_fails(self):
        result = self.invoke("thumbs", "-e", "-", stdin='{"no": "event"}')
        self.assertEqual(result.returncode, 1)
        self.assertIn("errorMessage", json.loads(result.stdout))
        self.assertIn("failed: ", result.stderr)

    def test_says_what_the_daemon_refuses(self):
        for words, text in ((["nothing"], "Function not found"), (["hello", "--user", "nobody"], "not authorized"),
                            (["hello:gone"], "hello:gone")):
            result = self.invoke(*words)
            self.assertEqual((result.returncode, result.stdout), (4, ""), words)
            self.assertIn(text, result.stderr)
        self.assertEqual(self.invoke("hello", "-e", self.dir + "/missing").returncode, 2)
        self.assertEqual(self.invoke("hello", "-e", "-", stdin="{").returncode, 4)

    def test_says_that_no_daemon_is_there(self):
        self.daemon.stop()
        result = self.invoke("hello")
        self.assertEqual(result.returncode, 4)
        self.assertIn("is onput serve running", result.stderr)

    def test_says_whom_the_configuration_does_not_name(self):
        result = self.invoke("hello", "--user", "who")
        self.assertEqual(result.returncode, 3)
        self.assertIn("there is no users.who", result.stderr)
        self.configure()
        result = self.invoke("thumbs")
        self.assertEqual(result.returncode, 3)
        self.assertIn("add one below users:", result.stderr)

    def test_hands_a_function_what_generate_event_wrote(self):
        for store in STORES:
            with self.subTest(store=store):
                event = generate("s3", "put", "--store", store, "--bucket", "photos", "--key", KEY).stdout
                result = self.invoke("thumbs", "-e", "-", stdin=event)
                self.assertEqual(result.returncode, 1, "no store is there")
                self.assertIn("GET photos/" + KEY, json.loads(result.stdout)["errorMessage"])


if __name__ == "__main__":
    onput.main()
