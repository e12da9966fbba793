"""The thumbnail function through the Lambda API: every form of its event, its settings, its permissions."""

import json
import re
import urllib.parse

import pytest

from api import NOT_FOUND, Api, accepted, refused
from conftest import bucket_client
from server import PHOTOS, ROLE, STUDIO, wait_until

RENDITIONS = [{"name": "small", "width": 64, "height": 64}, {"name": "wide", "width": 120, "format": "webp"}]
PHOTO = "P1000237.JPG"


def thumbnail(make, name, **variables):
    return make(name, "thumbnail", Timeout=60, Role=STUDIO, Environment={"Variables": {
        "OUTPUT_BUCKET": "thumbnails", "RENDITIONS": json.dumps(RENDITIONS), **variables}})


@pytest.fixture
def photo(s3, name):
    """The key of an uploaded photo; awkward enough to be decoded exactly once."""
    key = f"{name}/a b+c%20ü.jpg"
    s3.upload_file(str(PHOTOS / PHOTO), "photos", key)
    return key


def outputs(s3, key):
    listed = s3.list_objects_v2(Bucket="thumbnails", Prefix=f"photos/{key}/")
    return sorted(item["Key"] for item in listed.get("Contents", []))


def expected_outputs(key):
    return [f"photos/{key}/small.jpg", f"photos/{key}/wide.webp"]


def s3_event(key):
    return {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
                         "eventTime": "2025-01-21T23:21:10.123Z", "eventName": "ObjectCreated:Put",
                         "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "photos", "arn": "arn:aws:s3:::photos"},
                                "object": {"key": urllib.parse.quote_plus(key, safe="/"), "size": 9}}}]}


def eventbridge(key):
    return {"version": "0", "id": "1", "detail-type": "Object Created", "source": "aws.s3", "account": "000000000000",
            "time": "2025-01-21T23:25:10Z", "region": "us-east-1", "resources": ["arn:aws:s3:::photos"],
            "detail": {"version": "0", "bucket": {"name": "photos"}, "object": {"key": key, "size": 4},
                       "reason": "PutObject"}}


def sqs(*bodies):
    return {"Records": [{"messageId": str(n), "receiptHandle": "h", "body": json.dumps(body), "attributes": {},
                         "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                         "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q"} for n, body in enumerate(bodies)]}


def sns(message):
    return {"Records": [{"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": "a", "Sns": {
        "Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-1:000000000000:t",
        "Message": json.dumps(message), "Timestamp": "2025-01-21T23:25:10Z"}}]}


FORMS = {
    "direct": lambda key: {"bucket": "photos", "key": key},
    "direct with store": lambda key: {"bucket": "photos", "key": key, "store": "dev"},
    "s3": s3_event,
    "eventbridge": eventbridge,
    "sqs": lambda key: sqs(s3_event(key)),
    "sns": lambda key: sns(s3_event(key)),
    "sns in sqs": lambda key: sqs({"Type": "Notification", "MessageId": "m", "TopicArn": "t",
                                   "Message": json.dumps(s3_event(key))}),
    "eventbridge in sqs": lambda key: sqs(eventbridge(key)),
}


@pytest.mark.parametrize("form", FORMS)
def test_invoke_renders_whatever_names_the_object(api, make, name, s3, photo, form):
    thumbnail(make, name)
    answer = api.invoke(FunctionName=name, Payload=json.dumps(FORMS[form](photo)))
    assert answer.status == 200 and "X-Amz-Function-Error" not in answer.headers, answer
    [report] = answer.json["results"]
    assert len(report["renditions"]) == 2 and all(r["bytes"] > 100 for r in report["renditions"])
    assert outputs(s3, photo) == expected_outputs(photo)


def test_invoke_renders_every_object_of_a_batch(api, make, name, s3, photo):
    s3.upload_file(str(PHOTOS / "tulips.png"), "photos", f"{name}/second.png")
    thumbnail(make, name)
    event = sqs(s3_event(photo), s3_event(f"{name}/second.png"))
    answer = api.invoke(FunctionName=name, Payload=json.dumps(event))
    assert "X-Amz-Function-Error" not in answer.headers, answer
    assert len(answer.json["results"]) == 2
    assert outputs(s3, photo) == expected_outputs(photo) and len(outputs(s3, f"{name}/second.png")) == 2


def test_settings_are_environment_variables(api, make, name, s3, photo):
    thumbnail(make, name, OUTPUT_KEY="own/{key}-{rendition}.{ext}", OUTPUT_CACHE_CONTROL="max-age=60",
              OUTPUT_STORE="dev")
    assert "X-Amz-Function-Error" not in api.invoke(FunctionName=name, Payload=json.dumps(s3_event(photo))).headers
    head = s3.head_object(Bucket="thumbnails", Key=f"own/{photo}-small.jpg")
    assert (head["CacheControl"], head["ContentType"]) == ("max-age=60", "image/jpeg")


@pytest.mark.parametrize("variables, word", [
    ({"OUTPUT_BUCKET": ""}, "OUTPUT_BUCKET"), ({"RENDITIONS": "[{"}, "RENDITIONS|renditions"),
    ({"RENDITIONS": '[{"name":"small","width":0}]'}, "width"), ({"OUTPUT_STORE": "nowhere"}, "nowhere")])
def test_create_refuses_settings_that_make_no_function(api, name, variables, word):
    answer = api.create_function(
        FunctionName=name, Role=ROLE, Runtime="onput.builtin", Handler="thumbnail", Code={}, Environment={
            "Variables": {"OUTPUT_BUCKET": "thumbnails", "RENDITIONS": json.dumps(RENDITIONS), **variables}})
    refused(answer, 400, "InvalidParameterValueException", re.compile(word))
    refused(api.get_function(FunctionName=name), 404, NOT_FOUND, re.compile("^Function not found"))


def test_an_update_changes_the_renditions(api, make, name, s3, photo):
    thumbnail(make, name)
    variables = {"OUTPUT_BUCKET": "thumbnails", "RENDITIONS": json.dumps([{"name": "only", "width": 32}])}
    answer = api.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    assert answer.status == 200, answer
    answer = api.invoke(FunctionName=name, Payload=json.dumps(s3_event(photo)))
    assert "X-Amz-Function-Error" not in answer.headers, answer
    assert outputs(s3, photo) == [f"photos/{photo}/only.jpg"]


def test_a_missing_object_is_nothing_to_do(api, make, name, s3):
    """Events come late; an object that is gone by then is no mistake of the function."""
    thumbnail(make, name)
    answer = api.invoke(FunctionName=name, Payload=b'{"bucket":"photos","key":"not there"}')
    assert answer.status == 200 and "X-Amz-Function-Error" not in answer.headers, answer
    [report] = answer.json["results"]
    assert "no such object" in json.dumps(report)


def test_the_implied_role_reads_what_may_call_the_function(api, make, name, s3, photo):
    make(name, "thumbnail", Timeout=60, Environment={"Variables": {
        "OUTPUT_BUCKET": "thumbnails", "RENDITIONS": json.dumps(RENDITIONS)}})
    event = json.dumps({"bucket": "photos", "key": photo})
    answer = api.invoke(FunctionName=name, Payload=event)
    assert answer.headers["X-Amz-Function-Error"] == "Unhandled" and "s3:GetObject" in answer.json["errorMessage"]
    assert api.add_permission(FunctionName=name, StatementId="photos", Action="lambda:InvokeFunction",
                              Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::photos").status == 201
    assert "X-Amz-Function-Error" not in api.invoke(FunctionName=name, Payload=event).headers
    assert outputs(s3, photo) == expected_outputs(photo)


def test_an_event_invocation_renders_later(api, make, name, s3, photo):
    thumbnail(make, name)
    accepted(api.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(s3_event(photo))), 202)
    wait_until(lambda: outputs(s3, photo) == expected_outputs(photo), "thumbnails")


def test_a_declared_function_is_one_like_any_other(api, s3, name):
    configuration = api.get_function_configuration(FunctionName="declared-thumbs").json
    assert (configuration["Runtime"], configuration["Handler"]) == ("onput.builtin", "thumbnail")
    variables = configuration["Environment"]["Variables"]
    assert variables["OUTPUT_BUCKET"] == "thumbnails"
    assert [r["name"] for r in json.loads(variables["RENDITIONS"])] == ["small"]
    s3.upload_file(str(PHOTOS / PHOTO), "photos", f"{name}.jpg")
    answer = api.invoke(FunctionName="declared-thumbs", Payload=json.dumps({"bucket": "photos", "key": f"{name}.jpg"}))
    assert "X-Amz-Function-Error" not in answer.headers, answer
    assert outputs(s3, f"{name}.jpg") == [f"photos/{name}.jpg/small.jpg"]


def test_a_permission_releases_the_event_that_was_held(api, onput, make, name, s3, photo):
    """With the role that every function has."""
    make(name, "thumbnail", Timeout=60, Environment={"Variables": {
        "OUTPUT_BUCKET": "thumbnails", "RENDITIONS": json.dumps(RENDITIONS)}})
    assert onput.notify(s3, photo, name) in ("held", "denied")
    assert outputs(s3, photo) == []
    added = api.add_permission(FunctionName=name, StatementId="photos", Action="lambda:InvokeFunction",
                               Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::photos",
                               SourceAccount="000000000000")
    statement = accepted(added, 201, {"Statement"})["Statement"]
    assert accepted(api.get_policy(FunctionName=name), 200, {"Policy", "RevisionId"})["Policy"] == (
        '{"Version":"2012-10-17","Id":"default","Statement":[' + statement + "]}")
    wait_until(lambda: outputs(s3, photo) == expected_outputs(photo), lambda: onput.log_tail())


def test_a_permission_lets_the_declared_notification_through(own):
    s3, api = bucket_client(own), Api(own.endpoint)
    for key in ("a.jpg", "b.jpg", "c.jpg"):
        s3.upload_file(str(PHOTOS / PHOTO), "photos", key)
    assert own.notify(s3, "a.jpg") in ("held", "denied")
    permission = {"FunctionName": "declared-thumbs", "StatementId": "photos", "Action": "lambda:InvokeFunction",
                  "Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::photos"}
    assert api.add_permission(**permission).status == 201
    wait_until(lambda: outputs(s3, "a.jpg"), own.log_tail)
    assert own.notify(s3, "b.jpg") == "queued"
    wait_until(lambda: outputs(s3, "b.jpg"), own.log_tail)
    assert api.remove_permission(FunctionName="declared-thumbs", StatementId="photos").status == 204
    assert own.notify(s3, "c.jpg") in ("held", "denied")


def test_a_function_whose_output_would_call_itself_is_refused(api, name):
    answer = api.create_function(FunctionName=name, Role=ROLE, Runtime="onput.builtin", Handler="thumbnail", Code={},
                                 Environment={"Variables": {"OUTPUT_BUCKET": "photos",
                                                            "RENDITIONS": json.dumps(RENDITIONS)}})
    # Nothing is notified of "photos" but declared-thumbs, so this is allowed; the same change of that one is not.
    assert answer.status == 201, answer
    variables = {"OUTPUT_BUCKET": "photos", "RENDITIONS": json.dumps(RENDITIONS)}
    refused(api.update_function_configuration(FunctionName="declared-thumbs", Environment={"Variables": variables}),
            400, "InvalidParameterValueException", re.compile("photos"))
