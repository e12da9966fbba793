"""Code through the API: packages, versions, changes, and what cannot work."""

import base64
import concurrent.futures
import hashlib
import io
import re
import urllib.request
import zipfile

import pytest

from calls import create, invoke, pack, result, run, wait_active
from conftest import client
from machine import HERE, VENV
from server import STUDIO, wait_until

IPVE = "InvalidParameterValueException"
PYTHON = {"Runtime": "python3.11", "Handler": "app.handler", "MemorySize": 256}
RAW = HERE / "functions" / "raw"


def saying(text):
    """A package of a Python handler that says so."""
    return pack(None, **{"app.py": f"import os\n\ndef handler(event, context):\n    return [{text!r}, os.getpid()]\n"})


def says(api, name, **members):
    return run(api, name, **members)[0]


def sha256(package):
    return base64.b64encode(hashlib.sha256(package).digest()).decode()


@pytest.mark.parametrize("runtime", ["python3.11", "python3.13", "python3.9"])
def test_a_package_runs(api, name, runtime):
    """Where there is no python3.13, python3 runs it."""
    package = saying("hello")
    made = create(api, name, package, **PYTHON | {"Runtime": runtime})
    assert (made["CodeSize"], made["CodeSha256"], made["Runtime"]) == (len(package), sha256(package), runtime)
    assert (made["Handler"], made["MemorySize"]) == ("app.handler", 256)
    assert says(api, name) == "hello"


def test_a_package_of_javascript_runs(api, name):
    body = "exports.handler = async (event) => ({ said: event, version: process.version });\n"
    create(api, name, pack(None, **{"index.js": body}), Runtime="nodejs20.x", Handler="index.handler", MemorySize=512)
    assert run(api, name, [1])["said"] == [1]


@pytest.mark.parametrize("runtime", ["provided.al2", "provided.al2023"])
def test_a_package_with_a_bootstrap_runs(api, name, runtime):
    create(api, name, pack(RAW), Runtime=runtime)
    told = run(api, name, {"do": "environment"})
    assert told["_HANDLER"] == "app.handler" and "AWS_EXECUTION_ENV" not in told


def test_a_package_of_go_runs(api, onput, name):
    create(api, name, pack(None, bootstrap=(onput.functions / "go" / "bootstrap").read_bytes()))
    assert run(api, name, {"event": 7})["event"] == 7


def test_a_package_from_a_bucket_runs(api, s3, name):
    package = saying("from a bucket")
    s3.put_object(Bucket="code", Key="functions/a b.zip", Body=package)
    made = create(api, name, {"S3Bucket": "code", "S3Key": "functions/a b.zip"}, **PYTHON)
    assert made["CodeSha256"] == sha256(package) and says(api, name) == "from a bucket"
    s3.put_object(Bucket="code", Key="next.zip", Body=saying("next"))
    assert api.update_function_code(FunctionName=name, S3Bucket="code", S3Key="next.zip").status == 200
    wait_active(api, name)
    assert says(api, name) == "next"


@pytest.mark.parametrize("bucket, word", [("code", "NoSuchKey|key"), ("no-such-bucket", "NoSuchBucket|bucket")])
@pytest.mark.usefixtures("s3")
def test_a_package_that_is_not_in_the_bucket(api, name, bucket, word):
    answer = api.create_function(FunctionName=name, Role=STUDIO, Code={"S3Bucket": bucket, "S3Key": "missing.zip"}, **PYTHON)
    assert (answer.status, answer.code) == (400, IPVE), answer
    assert re.search(word, answer.json["message"]), answer


def test_a_package_brings_its_own_libraries(api, name):
    """A wheel's files beside the handler, as `pip install --target` puts them."""
    site = next((VENV / "lib").glob("python3.*")) / "site-packages"
    files = {str(path.relative_to(site)): path.read_bytes() for folder in ("PIL", "pillow.libs")
             for path in (site / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    files["wheel.py"] = (HERE / "functions" / "python" / "wheel.py").read_bytes()
    create(api, name, pack(None, **files), **PYTHON | {"Handler": "wheel.handler"})
    assert run(api, name) == {"from": "PIL/__init__.py", "size": [3, 4]}


def test_a_package_comes_back_as_it_was(api, name):
    package = saying("again")
    create(api, name, package, **PYTHON)
    got = api.get_function(FunctionName=name).json
    assert got["Code"]["RepositoryType"] == "S3"
    location = got["Code"]["Location"]
    with urllib.request.urlopen(location, timeout=20) as answer:
        assert answer.read() == package
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(location[:-1] + ("1" if location[-1] == "0" else "0"), timeout=20)


def test_the_files_of_a_package_cannot_be_changed_by_it(api, name):
    create(api, name, pack(RAW))
    root = run(api, name, {"do": "environment"})["LAMBDA_TASK_ROOT"]
    said = run(api, name, {"do": "run", "words": ["sh", "-c", f"echo x >> {root}/bootstrap; echo y > {root}/new"]})
    assert said["err"].count("denied") + said["err"].count("Read-only") == 2 or said["code"] == 0
    assert run(api, name, [1]) == [1]


# ---- changes ----

def test_new_code_runs_after_an_update(api, onput, name):
    create(api, name, saying("old"), **PYTHON)
    text, pid = run(api, name)
    assert text == "old" and pid in onput.workers(name)
    answer = api.update_function_code(FunctionName=name, ZipFile=saying("new"))
    assert (answer.status, answer.json["CodeSha256"]) == (200, sha256(saying("new")))
    wait_active(api, name)
    assert says(api, name) == "new"
    wait_until(lambda: pid not in onput.workers(), "the old process is gone")


def test_a_running_call_ends_with_the_old_code(api, onput, name):
    folder = onput.open_folder(name)
    create(api, name, pack(RAW))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(invoke, api, name, {"do": "meet", "folder": str(folder)})
        wait_until(lambda: list(folder.iterdir()), "it runs")
        old, = (int(path.name) for path in folder.iterdir())
        api.update_function_code(FunctionName=name, ZipFile=pack(RAW, other="x"))
        wait_active(api, name)
        assert run(api, name, {"do": "tell"})["pid"] != old
        assert old in onput.workers(name)
        (folder / "go").touch()
        assert result(running.result()) == {"pid": old}
    wait_until(lambda: old not in onput.workers(), "the old process is gone")


def test_a_new_setting_is_seen_by_the_next_call(api, onput, name):
    create(api, name, pack(RAW), Environment={"Variables": {"COLOUR": "red"}})
    first = run(api, name, {"do": "tell"})["pid"]
    assert run(api, name, {"do": "environment"})["COLOUR"] == "red"
    assert api.update_function_configuration(FunctionName=name, Environment={"Variables": {"COLOUR": "blue"}},
                                             MemorySize=256, Timeout=7, Handler="other.name").status == 200
    wait_active(api, name)
    told = run(api, name, {"do": "environment"})
    assert (told["COLOUR"], told["_HANDLER"], told["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) == ("blue", "other.name", "256")
    wait_until(lambda: first not in onput.workers(), "the old process is gone")


def test_what_does_not_matter_to_a_process_leaves_it_alone(api, name):
    create(api, name, pack(RAW))
    first = run(api, name, {"do": "tell"})["pid"]
    api.tag_resource(Resource=f"arn:aws:lambda:us-east-1:000000000000:function:{name}", Tags={"a": "b"})
    api.add_permission(FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal="*")
    assert run(api, name, {"do": "tell"})["pid"] == first


def test_versions_and_aliases_run_their_own_code(api, name):
    create(api, name, saying("one"), Environment={"Variables": {"NUMBER": "1"}}, **PYTHON)
    assert api.publish_version(FunctionName=name).json["Version"] == "1"
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    api.update_function_code(FunctionName=name, ZipFile=saying("two"))
    wait_active(api, name)
    assert api.publish_version(FunctionName=name).json["Version"] == "2"
    api.update_function_code(FunctionName=name, ZipFile=saying("three"))
    wait_active(api, name)
    assert [says(api, name, **({"Qualifier": q} if q else {})) for q in (None, "1", "2", "live", "$LATEST")] == [
        "three", "one", "two", "one", "three"]
    api.update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert says(api, name, Qualifier="live") == "two"


def test_a_version_is_told_which_one_it_is(api, name):
    create(api, name, pack(RAW))
    api.publish_version(FunctionName=name)
    told = run(api, name, {"do": "environment"}, Qualifier="1")
    assert told["AWS_LAMBDA_FUNCTION_VERSION"] == "1" and "[1]" in told["AWS_LAMBDA_LOG_STREAM_NAME"]
    headers = run(api, name, {"do": "tell"}, Qualifier="1")["headers"]
    assert headers["lambda-runtime-invoked-function-arn"].endswith(f":function:{name}:1")


def test_code_survives_a_restart(start):
    own = start()
    api = client(own)
    create(api, "kept", saying("one"), **PYTHON)
    api.publish_version(FunctionName="kept")
    api.update_function_code(FunctionName="kept", ZipFile=saying("two"))
    own.kill()
    own.start()
    assert (says(api, "kept"), says(api, "kept", Qualifier="1")) == ("two", "one")


def test_packages_that_nobody_has_are_removed(start):
    own = start()
    api = client(own)
    create(api, "f", saying("one"), **PYTHON)
    folders = {path for path in (own.directory / "state").rglob("*.zip")}
    assert len(folders) == 1
    api.update_function_code(FunctionName="f", ZipFile=saying("two"))
    wait_active(api, "f")
    assert says(api, "f") == "two"
    api.delete_function(FunctionName="f")
    own.stop()
    own.start()
    wait_until(lambda: not list((own.directory / "state").rglob("*.zip")), "they are removed")


def test_the_same_package_twice_is_one(start):
    own = start()
    api = client(own)
    for name in ("f", "g"):
        create(api, name, saying("same"), **PYTHON)
    assert len(list((own.directory / "state").rglob("*.zip"))) == 1
    api.delete_function(FunctionName="f")
    assert says(api, "g") == "same"


# ---- what cannot work ----

def refused(api, name, package, message, **members):
    answer = api.create_function(**{"FunctionName": name, "Role": STUDIO, "Code": {"ZipFile": package},
                                    "Runtime": "provided.al2023", "Handler": "app.handler", **members})
    assert (answer.status, answer.code) == (400, IPVE), answer
    assert re.search(message, answer.json["message"]), answer
    assert api.get_function(FunctionName=name).status == 404


def test_a_package_without_bootstrap(api, name):
    refused(api, name, pack(None, other="x"), "bootstrap")


def test_a_bootstrap_that_is_no_program(api, name):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("bootstrap")
        info.external_attr = 0o100644 << 16
        archive.writestr(info, "#!/bin/sh\n")
    refused(api, name, out.getvalue(), "bootstrap.*execut")


@pytest.mark.parametrize("package", [b"no zip", pack(None, x="y")[:-10], pack(None, **{"../x": "y"}),
                                     pack(None, **{"/etc/x": "y"})], ids=["no zip", "cut", "up", "absolute"])
def test_a_package_that_is_none(api, name, package):
    refused(api, name, package, "unzip|name|path")


def test_an_unknown_runtime(api, name):
    answer = api.create_function(FunctionName=name, Role=STUDIO, Code={"ZipFile": saying("x")}, Runtime="java21",
                                 Handler="a.B::c")
    assert (answer.status, answer.code) == (400, IPVE), answer
    assert "java21" in answer.json["message"]


def test_a_runtime_that_is_not_installed(start):
    """Each is told what to install, when the function is made and not when it runs."""
    own = start(functions={})
    own.stop()
    own.settings["functions"] = {}
    own.settings["stores"]["dev"]["notifications"] = []
    own.path = "/usr/bin:/bin"
    api = client(own.start())
    refused(api, "python", saying("x"), "awslambdaric", **PYTHON)
    refused(api, "node", saying("x"), "aws-lambda-ric", Runtime="nodejs20.x")


def test_a_client_in_the_package_will_do(start):
    """As people do who bring awslambdaric along in their package."""
    own = start(functions={})
    own.stop()
    own.settings["functions"] = {}
    own.settings["stores"]["dev"]["notifications"] = []
    own.path = "/usr/bin:/bin"
    api = client(own.start())
    site = next((VENV / "lib").glob("python3.*")) / "site-packages"
    files = {str(path.relative_to(site)): path.read_bytes()
             for part in ("awslambdaric", "simplejson", "snapshot_restore_py") for path in (site / part).rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}
    files |= {path.name: path.read_bytes() for path in site.glob("runtime_client*")}
    files["app.py"] = "def handler(event, context):\n    return 'brought along'\n"
    create(api, "f", pack(None, **files), **PYTHON)
    assert run(api, "f") == "brought along"


def test_onput_does_not_start_with_a_function_that_cannot(start):
    own = start()
    own.settings["functions"]["raw"] |= {"command": ["./missing"]}
    own.stop()
    with pytest.raises(AssertionError, match="functions.raw: there is no program ./missing"):
        own.start()


def test_a_command_of_the_configuration_replaces_a_runtimes(start):
    own = start(runtimes={"ruby3.3": {"command": ["/usr/bin/python3", "{directory}/bootstrap", "{handler}"]}})
    api = client(own)
    create(api, "f", pack(RAW), Runtime="ruby3.3", Handler="lambda_function.handler")
    assert run(api, "f", {"do": "environment"})["_HANDLER"] == "lambda_function.handler"
