"""What the API made survives a restart and a kill; what the configuration declares is there again after either."""

import json
import threading

import pytest

from api import Api, accepted, function_arn, zip_bytes
from conftest import bucket_client, create
from server import PHOTOS, ROLE, STUDIO, wait_until
from test_policy import add


def fill(api):
    """One of everything."""
    create(api, "f", Description="mine", Environment={"Variables": {"K1": "v"}}, Tags={"a": "b"},
           Code={"ZipFile": zip_bytes()})
    assert api.publish_version(FunctionName="f").status == 201
    assert api.update_function_configuration(FunctionName="f", Timeout=8).status == 200
    assert api.publish_version(FunctionName="f").status == 201
    assert api.create_alias(FunctionName="f", Name="live", FunctionVersion="1", RoutingConfig={
        "AdditionalVersionWeights": {"2": 0.25}}).status == 201
    for qualifier in ({}, {"Qualifier": "live"}, {"Qualifier": "1"}):
        add(api, "f", "s", SourceArn="arn:aws:s3:::b", **qualifier)
        assert api.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1, **qualifier).status == 200
    for qualifier in ({}, {"Qualifier": "live"}):
        assert api.create_function_url_config(FunctionName="f", AuthType="NONE", **qualifier).status == 201
    assert api.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=4).status == 200


def everything(api, function="f"):
    """What there is of a function, as the API tells."""
    asked = [api.get_function(FunctionName=function), api.list_versions_by_function(FunctionName=function),
             api.list_aliases(FunctionName=function), api.list_function_event_invoke_configs(FunctionName=function),
             api.list_function_url_configs(FunctionName=function), api.get_function_concurrency(FunctionName=function),
             api.list_tags(Resource=function_arn(function)), api.get_policy(FunctionName=function),
             api.get_function_configuration(FunctionName=function, Qualifier="1"),
             api.get_function_configuration(FunctionName=function, Qualifier="live"),
             api.get_policy(FunctionName=function, Qualifier="live"),
             api.get_policy(FunctionName=function, Qualifier="1")]
    assert [answer.status for answer in asked] == [200] * len(asked)
    return [answer.json for answer in asked]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_everything_is_there_again(own, end):
    api = Api(own.endpoint)
    fill(api)
    before = everything(api), api.list_functions(FunctionVersion="ALL").json, api.get_account_settings().json
    getattr(own, end)()
    own.start()
    assert (everything(api), api.list_functions(FunctionVersion="ALL").json, api.get_account_settings().json) == before
    assert api.invoke(FunctionName="f", Payload=b"1").body == b"1"
    assert api.invoke(FunctionName="f", Qualifier="live").headers["X-Amz-Executed-Version"] in ("1", "2")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_deleted_stays_deleted(own, end):
    api = Api(own.endpoint)
    fill(api)
    accepted(api.delete_function(FunctionName="f"), 204)
    getattr(own, end)()
    own.start()
    assert api.get_function(FunctionName="f").status == 404
    assert len(api.list_functions().json["Functions"]) == 2


def test_no_change_that_was_answered_is_lost_in_a_kill(own):
    """Clients make functions and permissions until the process is gone under them."""
    made, lock, stopping = set(), threading.Lock(), threading.Event()

    def work(number):
        api = Api(own.endpoint)
        for count in range(10_000):
            name = f"f-{number}-{count}"
            try:
                if stopping.is_set() or api.create_function(FunctionName=name, Role=ROLE, Runtime="onput.builtin",
                                                            Handler="echo", Code={}).status != 201:
                    return
                with lock:
                    made.add(name)
                if api.add_permission(FunctionName=name, StatementId="s", Action="lambda:*",
                                      Principal="*").status != 201:
                    return
                with lock:
                    made.add(name + "+")
            except Exception:  # whatever a client makes of a connection that ends
                return
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(made) > 40, own.log_tail)
    own.kill()
    stopping.set()
    for thread in threads:
        thread.join()
    own.start()
    api = Api(own.endpoint)
    for name in made:
        if name.endswith("+"):
            assert json.loads(api.get_policy(FunctionName=name[:-1]).json["Policy"])["Statement"][0]["Sid"] == "s"
        else:
            assert api.get_function(FunctionName=name).status == 200


def test_queued_events_run_after_a_kill(own):
    s3, api = bucket_client(own), Api(own.endpoint)
    s3.upload_file(str(PHOTOS / "P1000237.JPG"), "photos", "a.jpg")
    create(api, "thumbs", "thumbnail", Timeout=60, Role=STUDIO, Environment={"Variables": {
        "OUTPUT_BUCKET": "thumbnails", "RENDITIONS": '[{"name":"small","width":64}]'}})
    event = json.dumps({"bucket": "photos", "key": "a.jpg"})
    accepted(api.invoke(FunctionName="thumbs", InvocationType="Event", Payload=event), 202)
    own.kill()
    own.start()
    wait_until(lambda: s3.list_objects_v2(Bucket="thumbnails").get("KeyCount"), own.log_tail)


# ---- declared functions ----

def sids(api, function="declared-echo"):
    return [s["Sid"] for s in json.loads(api.get_policy(FunctionName=function).json["Policy"])["Statement"]]


@pytest.mark.parametrize("again", ["restart", "reload"])
def test_declared_functions_are_as_declared_again(own, again):
    """What the API added stays; where both speak of the same thing, the configuration wins."""
    api = Api(own.endpoint)
    before = api.get_function_configuration(FunctionName="declared-echo").json
    add(api, "declared-echo", "of-the-api")
    api.tag_resource(Resource=function_arn("declared-echo"), Tags={"a": "b"})
    api.publish_version(FunctionName="declared-echo")
    api.create_alias(FunctionName="declared-echo", Name="live", FunctionVersion="1")
    url = api.create_function_url_config(FunctionName="declared-echo", AuthType="NONE").json["FunctionUrl"]
    api.remove_permission(FunctionName="declared-echo", StatementId="declared")
    changed = api.update_function_configuration(FunctionName="declared-echo", Timeout=77).json
    assert changed["Timeout"] == 77 != before["Timeout"] and sids(api) == ["of-the-api"]
    if again == "restart":
        own.stop()
        own.start()
    else:
        own.reload()

    def timeout():
        return api.get_function_configuration(FunctionName="declared-echo").json["Timeout"]
    wait_until(lambda: timeout() == before["Timeout"], own.log_tail)
    assert sorted(sids(api)) == ["declared", "of-the-api"]
    assert api.list_tags(Resource=function_arn("declared-echo")).json == {"Tags": {"a": "b"}}
    assert api.get_alias(FunctionName="declared-echo", Name="live").json["FunctionVersion"] == "1"
    assert api.get_function_url_config(FunctionName="declared-echo").json["FunctionUrl"] == url
    assert "declared-echo" in "\n".join(line for line in own.log_text().splitlines() if "configuration" in line)


def test_a_declared_function_that_was_deleted_comes_back(own):
    api = Api(own.endpoint)
    answer = api.delete_function(FunctionName="declared-echo")
    own.stop()
    own.start()
    assert answer.status == 204 and api.get_function(FunctionName="declared-echo").status == 200
    assert sids(api) == ["declared"]


def test_a_function_that_is_declared_no_more_is_gone(own):
    api = Api(own.endpoint)
    create(api, "of-the-api")
    del own.settings["functions"]["declared-echo"]
    own.stop()
    own.start()
    assert api.get_function(FunctionName="declared-echo").status == 404
    assert api.get_function(FunctionName="of-the-api").status == 200


def test_a_function_of_the_api_can_become_a_declared_one(own):
    api = Api(own.endpoint)
    create(api, "mine", Timeout=9, Tags={"a": "b"})
    own.settings["functions"]["mine"] = {"builtin": "context", "timeout": "30s"}
    own.stop()
    own.start()
    got = api.get_function_configuration(FunctionName="mine").json
    assert (got["Handler"], got["Timeout"]) == ("context", 30)
    assert api.list_tags(Resource=function_arn("mine")).json == {"Tags": {"a": "b"}}
