"""onput generate-event and onput invoke, alone and together."""

import base64
import hashlib
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

    def test_puts_values_where_their_sender_has_them(self):
        body = 'a "quoted" line\n{not: a template}'
        record = self.record("sqs", "receive-message", "--body", body, "--queue-name", "jobs",
                             "--account-id", "000000000000", "--partition", "aws-cn")
        self.assertEqual(record["body"], body)
        self.assertEqual(record["md5OfBody"], hashlib.md5(body.encode()).hexdigest())
        self.assertEqual(record["eventSourceARN"], "arn:aws-cn:sqs:us-east-1:000000000000:jobs")
        record = self.record("kinesis", "get-records", "--data", body, "--partition-key", "k", "--stream", "s")
        self.assertEqual(base64.b64decode(record["kinesis"]["data"]).decode(), body)
        self.assertEqual(record["kinesis"]["partitionKey"], "k")
        self.assertTrue(record["eventSourceARN"].endswith(":stream/s"))
        record = self.record("dynamodb", "update", "--table", "pets")
        self.assertIn(":table/pets/stream/", record["eventSourceARN"])
        record = self.record("sns", "notification", "--message", body, "--subject", "s", "--topic", "t")
        self.assertEqual((record["Sns"]["Message"], record["Sns"]["Subject"]), (body, "s"))

    def test_makes_requests_of_both_kinds_of_api(self):
        words = ("--method", "PUT", "--path", "/a b", "--body", '{"n": 1}')
        event = json.loads(generate("apigateway", "http-api-proxy", *words).stdout)
        self.assertEqual((event["version"], event["rawPath"], event["body"]), ("2.0", "/a b", '{"n": 1}'))
        self.assertEqual(event["requestContext"]["http"]["method"], "PUT")
        self.assertEqual(event, json.loads(generate("apigw", "http-api", *words).stdout))
        event = json.loads(generate("apigateway", "aws-proxy", *words, "--stage", "test", "--resource", "/r").stdout)
        self.assertEqual((event["httpMethod"], event["path"], event["body"]), ("PUT", "/a b", '{"n": 1}'))
        self.assertEqual(event["pathParameters"], {"proxy": "a b"})
        self.assertEqual(event["requestContext"]["path"], "/test/a b")
        self.assertEqual((event["requestContext"]["stage"], event["resource"]), ("test", "/r"))

    def test_names_what_there_is_when_asked_for_something_else(self):
        for words in (["s3", "burn"], ["s3"], ["smtp"], ["sqs", "put"], ["s3", "put", "--store", "tape"],
                      ["s3", "put", "--body", "x"], ["kinesis", "--table", "x"]):
            result = generate(*words)
            self.assertEqual((result.returncode, result.stdout), (2, ""), words)
            self.assertIn("s3 multipart --store --bucket --key\n", result.stderr)
            self.assertIn("sqs receive-message --queue-name --body\n", result.stderr)
        self.assertEqual(generate().returncode, 2)
        self.assertIn("dynamodb update --table\n", generate().stdout)

    def record(self, *words):
        result = generate(*words)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        return json.loads(result.stdout)["Records"][0]


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
        self.assertRegex(
            result.stderr,
            r"\A\nsucceeded\n  Duration +\d+\.\d\d ms\n  Billed Duration +\d+ ms\n  Memory Size +128 MB\n"
            r"  Max Memory Used +\d+ MB\n  Version +\$LATEST\n  Request ID +[0-9a-f-]{36}\n\nEnd of the log:\nSTART ")

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
        self.assertRegex(result.stderr, r"\A\nfailed\n")
        self.assertRegex(result.stderr, r"\n  Error Type +[A-Za-z]+\n")

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
