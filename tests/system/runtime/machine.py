"""onput serve with functions of users, beside the embedded store: an instance of lambda_api's, with other settings."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import sys
import urllib.parse

HERE = pathlib.Path(__file__).parent
sys.path.insert(1, str(HERE.parent / "lambda_api"))

import server  # noqa: E402

CACHE = pathlib.Path(os.environ["ONPUT_RUNTIME_CACHE"])
VENV = CACHE / "runtime-venv"
NODE = CACHE / "runtime-node" / "node_modules" / ".bin"
IS_ROOT = os.geteuid() == 0
UID_BASE = 60706
KEYS = {"access_key": "dev-access", "secret_key": "dev-secret"}
STUDIO = server.STUDIO
MIB = 1 << 20

PYTHON = {"runtime": "python3.11", "handler": "app.handler", "memory": "256MiB", "role": "studio"}
NODEJS = {"runtime": "nodejs20.x", "handler": "index.handler", "memory": "512MiB"}
FROM_S3 = [{"principal": "s3.amazonaws.com"}]


def functions(folder):
    """What is declared, by name. A folder's name is that of a folder of functions/."""
    raw = {"command": ["./bootstrap"], "directory": str(folder / "raw"), "timeout": "20s"}
    python = PYTHON | {"directory": str(folder / "python")}
    node = NODEJS | {"directory": str(folder / "node")}
    declared = {
        "raw": raw,
        "raw-short": raw | {"timeout": "1s"},
        "raw-small": raw | {"memory": "64MiB"},
        "raw-settings": raw | {"memory": "192MiB", "handler": "what.ever", "role": "studio", "environment": {
            "COLOUR": "blue", "EMPTY": ""}},
        "python": python | {"environment": {"COLOUR": "green"}},
        "python-short": python | {"timeout": "1s"},
        "python-broken": python | {"handler": "broken.handler"},
        "python-missing": python | {"handler": "nowhere.handler"},
        "python-of-s3": python | {"handler": "app.of_s3", "permissions": FROM_S3},
        "python-page": python | {"handler": "app.page"},
        "python-picture": python | {"handler": "app.picture"},
        "photos": python | {"directory": str(folder / "photos"), "handler": "lambda_function.lambda_handler",
                            "permissions": FROM_S3},
        "node": node | {"environment": {"COLOUR": "red"}},
        "node-callback": node | {"handler": "index.withCallback"},
        "node-page": node | {"handler": "index.page"},
        "node-stream": node | {"handler": "index.streaming"},
        "node-stream-page": node | {"handler": "index.streamingPage"},
        "start-exit-0": raw | {"environment": {"INIT": "exit 0"}},
        "start-exit-9": raw | {"environment": {"INIT": "exit 9"}},
        "start-error": raw | {"environment": {"INIT": "error"}},
        "start-hang": raw | {"environment": {"INIT": "hang"}, "timeout": "1s"},
        "start-later": raw | {"environment": {"INIT": f"once {folder / 'start-later'}"}, "backoff": "10ms",
                              "max_attempts": 100},
        "shell": raw | {"directory": str(folder / "shell"), "handler": "of.the.shell"},
    }
    for name in ("go", "rust"):
        if (folder / name / "bootstrap").exists():
            declared[name] = {"runtime": "provided.al2023", "directory": str(folder / name)}
    return declared


def copy_functions(to):
    """To where the users that functions run as can read them, with the programs that run.sh built."""
    shutil.copytree(HERE / "functions", to, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("go", "rust"):
        program = CACHE / f"runtime-{name}" / "bootstrap"
        if program.exists():
            shutil.copy(program, to / name / "bootstrap")
    return to


class Machine(server.Onput):
    """`settings` go over those of lambda_api's server, section by section."""

    def __init__(self, **settings):
        super().__init__()
        self.directory.chmod(0o755)
        self.path = f"{VENV / 'bin'}:{NODE}:{os.path.dirname(shutil.which('node') or '/usr/bin/node')}:/usr/bin:/bin"
        self.functions = copy_functions(self.directory / "functions")
        own = {"functions": functions(self.functions), "runtime": {"processes": 12},
               "roles": {"studio": self.settings["roles"]["studio"] | KEYS}}
        self.settings["stores"]["dev"]["notifications"] += [
            {"bucket": "album", "function": "photos"}, {"bucket": "inbox", "function": "python-of-s3"}]
        for section in (own, settings):
            self.change(section)
        self.config.touch(0o600)

    def change(self, settings):
        for name, value in settings.items():
            self.settings[name] = {**self.settings.get(name, {}), **value}

    def environment(self):
        return super().environment() | {"PATH": self.path, "SECRET_OF_THE_DAEMON": "do not pass on"}

    def open_folder(self, name):
        """A folder in which functions may write, too."""
        folder = self.directory / name
        folder.mkdir()
        folder.chmod(0o777)
        return folder

    def notify_of(self, bucket, key, etag, function=None):
        """Tells onput of an object as a store would; what it decided."""
        record = {"eventVersion": "2.0", "eventSource": "minio:s3", "eventName": "s3:ObjectCreated:Put", "s3": {
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": urllib.parse.quote_plus(key), "eTag": etag.strip('"'), "size": 1}}}
        answer = self.http("POST", "/events/dev" + (f"/{function}" if function else ""),
                           json.dumps({"Records": [record]}).encode(), {"Authorization": f"Bearer {server.TOKEN}"})
        assert answer.status == 200, answer.body
        return json.loads(answer.body)["results"][0]["decision"]

    def url(self, address, method="GET", path="/", body=None, headers=None):
        """Asks a function's URL."""
        host = urllib.parse.urlsplit(address).netloc
        return self.http(method, path, body, {"Host": host, **(headers or {})})

    def url_pieces(self, address):
        """The body of a function's URL piece by piece as it arrives; the answer first."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=server.DEADLINE_S)
        connection.request("GET", "/", headers={"Host": urllib.parse.urlsplit(address).netloc})
        answer = connection.getresponse()
        yield answer
        while piece := answer.read1(65536):
            yield piece
        connection.close()

    # ---- processes ----

    def processes(self):
        """{pid: command line} of every process that runs a function of this instance, and of their runners."""
        mark = str(self.directory).encode()
        keep_out = {os.getpid(), self.process.pid, self.store.process.pid}
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) in keep_out:
                continue
            try:
                command = (entry / "cmdline").read_bytes()
                if mark in command or mark in (entry / "environ").read_bytes():
                    found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # gone, or somebody else's
                continue
        return found

    def workers(self, function=None):
        """Those of processes() that are the functions' own, or one function's."""
        found = {pid: words for pid, words in self.processes().items() if "onput-runner" not in words}
        if function is None:
            return found
        mark = f"AWS_LAMBDA_FUNCTION_NAME={function}\0".encode()
        return {pid: words for pid, words in found.items() if mark in environment_of(pid)}

    def wait_for_processes(self, count, what="processes"):
        server.wait_until(lambda: len(self.workers()) == count, lambda: f"{count} {what}: {self.processes()}")

    def wait_for_no_process(self):
        server.wait_until(lambda: not self.processes(), lambda: f"still there: {self.processes()}")

    def remove(self):
        """Fails when a sanitizer build had something to say."""
        if self.process and self.process.poll() is None:
            self.kill()
        for pid in self.processes() if self.process else ():  # what a failed test left
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        text = self.log_text() if self.log.exists() else ""
        super().remove()
        assert "Sanitizer" not in text, text[text.index("Sanitizer") - 100:][:8000]


def environment_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def has_rust():
    return (CACHE / "runtime-rust" / "bootstrap").exists()
