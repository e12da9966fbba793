"""Function URLs: their configuration, and what answers under them."""

import base64
import http.client
import json
import re
import time

import pytest

from api import CONFLICT, NOT_FOUND, UUID, accepted, function_arn, invalid, iso_time, refused, sign
from server import REGION, access_key

CREATED = {"FunctionUrl", "FunctionArn", "AuthType", "CreationTime"}
SHOWN = CREATED | {"InvokeMode", "LastModifiedTime"}
CORS = {"AllowCredentials": True, "AllowHeaders": ["x-a", "x-b"], "AllowMethods": ["GET", "POST"],
        "AllowOrigins": ["https://example.com"], "ExposeHeaders": ["x-c"], "MaxAge": 300}
MISSING = "Function does not exist"
GONE = "The resource you requested does not exist."
FORBIDDEN = ("Forbidden. For troubleshooting Function URL authorization issues, see: "
             "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html")


# ---- configuration ----

def test_create_answers_the_url(api, onput, function):
    before = time.time()
    made = accepted(api.create_function_url_config(FunctionName=function, AuthType="NONE"), 201, CREATED)
    assert re.fullmatch(rf"http://[a-z0-9]{{32}}\.lambda-url\.{REGION}\.localhost:{onput.port}/", made["FunctionUrl"])
    assert 40 <= len(made["FunctionUrl"]) <= 100
    assert (made["FunctionArn"], made["AuthType"]) == (function_arn(function), "NONE")
    assert before - 1 <= time_of(made["CreationTime"]) <= time.time() + 1


def time_of(text):
    """ISO with whatever fraction."""
    return iso_time(re.sub(r"(\.\d{3})\d*", r"\1", text.replace("Z", "+0000")))


@pytest.mark.parametrize("members", [{"InvokeMode": "BUFFERED"}, {"InvokeMode": "RESPONSE_STREAM"}, {"Cors": CORS},
                                     {"InvokeMode": "BUFFERED", "Cors": {"AllowOrigins": ["*"]}}],
                         ids=["buffered", "stream", "cors", "both"])
def test_create_answers_what_was_given(api, function, members):
    made = accepted(api.create_function_url_config(FunctionName=function, AuthType="AWS_IAM", **members), 201,
                    CREATED | set(members))
    assert {key: made[key] for key in members} == members


def test_get_always_shows_mode_and_time(api, function):
    made = api.create_function_url_config(FunctionName=function, AuthType="NONE", Cors=CORS).json
    got = accepted(api.get_function_url_config(FunctionName=function), 200, SHOWN | {"Cors"})
    assert {key: got[key] for key in made} == made
    assert (got["InvokeMode"], got["LastModifiedTime"]) == ("BUFFERED", got["CreationTime"])


def test_an_alias_has_a_url_of_its_own(api, versioned):
    whole = api.create_function_url_config(FunctionName=versioned, AuthType="NONE").json
    alias = accepted(api.create_function_url_config(FunctionName=versioned, AuthType="NONE", Qualifier="live"), 201,
                     CREATED)
    assert alias["FunctionArn"] == function_arn(versioned, "live") and alias["FunctionUrl"] != whole["FunctionUrl"]
    items = accepted(api.list_function_url_configs(FunctionName=versioned), 200, {"FunctionUrlConfigs"})
    assert sorted(item["FunctionArn"] for item in items["FunctionUrlConfigs"]) == [
        function_arn(versioned), function_arn(versioned, "live")]
    assert all(set(item) == SHOWN for item in items["FunctionUrlConfigs"])
    accepted(api.delete_function_url_config(FunctionName=versioned), 204)
    assert api.get_function_url_config(FunctionName=versioned, Qualifier="live").status == 200


def test_update_changes_what_it_names(api, function):
    made = api.create_function_url_config(FunctionName=function, AuthType="NONE", Cors=CORS).json
    answer = api.update_function_url_config(FunctionName=function, AuthType="AWS_IAM")
    assert answer.status == 200 and SHOWN - {"InvokeMode"} <= set(answer.json) <= SHOWN | {"Cors"}, answer
    got = accepted(api.get_function_url_config(FunctionName=function), 200, SHOWN | {"Cors"})
    assert (got["AuthType"], got["Cors"], got["FunctionUrl"]) == ("AWS_IAM", CORS, made["FunctionUrl"])
    api.update_function_url_config(FunctionName=function, InvokeMode="RESPONSE_STREAM", Cors={})
    got = accepted(api.get_function_url_config(FunctionName=function), 200, SHOWN)
    assert (got["AuthType"], got["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")


def test_a_function_has_one_url(api, function):
    api.create_function_url_config(FunctionName=function, AuthType="NONE")
    refused(api.create_function_url_config(FunctionName=function, AuthType="NONE"), 409, CONFLICT,
            f"Failed to create function url config for [functionArn = {function_arn(function)}]. Error message:  "
            "FunctionUrlConfig exists for this Lambda function")


@pytest.mark.parametrize("operation, more", [("create_function_url_config", {"AuthType": "NONE"}),
                                             ("update_function_url_config", {"AuthType": "NONE"})])
def test_create_and_update_need_function_and_alias(api, function, operation, more):
    refused(getattr(api, operation)(FunctionName="missing", **more), 404, NOT_FOUND, MISSING)
    refused(getattr(api, operation)(FunctionName=function, Qualifier="nobody", **more), 404, NOT_FOUND, MISSING)


def test_list_needs_the_function(api):
    refused(api.list_function_url_configs(FunctionName="missing"), 404, NOT_FOUND, MISSING)


@pytest.mark.parametrize("operation", ["get_function_url_config", "delete_function_url_config"])
def test_get_and_delete_say_the_same_of_everything_missing(api, function, operation):
    for asked in ({"FunctionName": "missing"}, {"FunctionName": function},
                  {"FunctionName": function, "Qualifier": "nobody"}):
        refused(getattr(api, operation)(**asked), 404, NOT_FOUND, GONE)


def test_update_needs_a_url(api, function):
    refused(api.update_function_url_config(FunctionName=function, AuthType="NONE"), 404, NOT_FOUND, GONE)


@pytest.mark.parametrize("qualifier", ["$LATEST", "1"])
@pytest.mark.parametrize("operation, more", [
    ("create_function_url_config", {"AuthType": "NONE"}), ("get_function_url_config", {}),
    ("update_function_url_config", {"AuthType": "NONE"}), ("delete_function_url_config", {})])
def test_a_qualifier_must_be_an_alias(api, versioned, qualifier, operation, more):
    invalid(getattr(api, operation)(FunctionName=versioned, Qualifier=qualifier, **more),
            (qualifier, "qualifier", r"satisfy regular expression pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)"))


# ---- the front ----

class Front:
    """Requests to a function's URL; `url` as CreateFunctionUrlConfig gave it."""

    def __init__(self, onput, url):
        self.onput = onput
        self.url = url
        self.host = url.split("/")[2]
        self.id = self.host.split(".")[0]

    def ask(self, method="GET", path="/", body=None, headers=None, user=None):
        headers = dict(headers or {})
        if user:
            request = sign(method, self.url[:-1] + path, body or b"", user=user, headers=headers)
            headers = {key: value for key, value in request.headers.items() if key.lower() != "content-length"}
        return self.onput.http(method, path, body, {"Host": self.host, **headers})

    def ask_by_path(self, method="GET", path="/", **more):
        return self.onput.http(method, f"/function-urls/{self.id}{path}", **more)


def allow(api, function, **members):
    """Both permissions that a caller without signature needs."""
    members = {"FunctionName": function, "Principal": "*", **members}
    auth = members.pop("auth", "NONE")
    first = api.add_permission(StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType=auth,
                               **members)
    second = api.add_permission(StatementId="call", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True,
                                **members)
    assert (first.status, second.status) == (201, 201), (first, second)


def make_front(api, onput, function, auth="NONE", **members):
    made = api.create_function_url_config(FunctionName=function, AuthType=auth, **members)
    assert made.status == 201, made
    return Front(onput, made.json["FunctionUrl"])


@pytest.fixture
def front(api, onput, function):
    allow(api, function)
    return make_front(api, onput, function)


def event_of(answer):
    assert answer.status == 200, (answer.status, answer.body)
    assert answer.headers["Content-Type"] == "application/json"
    return json.loads(answer.body)


def test_the_function_gets_the_request_as_its_event(front):
    before = time.time() * 1000
    answer = front.ask("POST", "/p%20q/%2F?a=1&b=x%20y&a=2", b'{"k":1}', {
        "Content-Type": "application/json", "X-One": "1", "Cookie": "c=1; d=2", "User-Agent": "test/1"})
    event = event_of(answer)
    assert set(event) == {"version", "routeKey", "rawPath", "rawQueryString", "cookies", "headers",
                          "queryStringParameters", "requestContext", "body", "isBase64Encoded"}
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert (event["rawPath"], event["rawQueryString"]) == ("/p%20q/%2F", "a=1&b=x%20y&a=2")
    assert event["queryStringParameters"] == {"a": "1,2", "b": "x y"}
    assert event["cookies"] == ["c=1", "d=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"k":1}', False)
    headers = event["headers"]
    assert headers["x-one"] == "1" and headers["content-type"] == "application/json"
    assert headers["host"] == front.host and headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-for"] == "127.0.0.1" and headers["x-amzn-trace-id"]
    assert all(key == key.lower() for key in headers)
    context = event["requestContext"]
    assert set(context) == {"accountId", "apiId", "domainName", "domainPrefix", "http", "requestId", "routeKey",
                            "stage", "time", "timeEpoch"}
    assert (context["accountId"], context["apiId"], context["domainPrefix"]) == ("anonymous", front.id, front.id)
    assert context["domainName"] == front.host or front.host.startswith(context["domainName"])
    assert context["http"] == {"method": "POST", "path": "/p%20q/%2F", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                               "userAgent": "test/1"}
    assert (context["routeKey"], context["stage"]) == ("$default", "$default")
    assert UUID.match(context["requestId"]) and answer.headers["x-amzn-RequestId"] == context["requestId"]
    assert before - 1000 <= context["timeEpoch"] <= time.time() * 1000 + 1000
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["time"])


def test_what_is_empty_is_left_out(front):
    event = event_of(front.ask())
    assert not {"cookies", "queryStringParameters", "body"} & set(event)
    assert (event["rawQueryString"], event["rawPath"], event["isBase64Encoded"]) == ("", "/", False)


@pytest.mark.parametrize("kind, body, is_base64", [
    ("text/plain", "grüße".encode(), False), ("application/xml", b"<a/>", False),
    ("application/json; charset=utf-8", b"{}", False), ("image/png", b"\x89PNG\x00", True),
    ("multipart/form-data; boundary=x", b"--x--", True), ("application/x-www-form-urlencoded", b"a=1", True),
    ("text/plain", b"\xff\xfe", True)])
def test_the_body_is_text_or_base64(front, kind, body, is_base64):
    event = event_of(front.ask("POST", "/", body, {"Content-Type": kind}))
    assert event["isBase64Encoded"] is is_base64
    assert event["body"] == (base64.b64encode(body).decode() if is_base64 else body.decode())


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_every_method_calls_the_function(front, method):
    assert event_of(front.ask(method))["requestContext"]["http"]["method"] == method


def test_the_answer_to_head_has_no_body(front):
    answer = front.ask("HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_repeated_headers_are_joined(onput, front):
    connection = http.client.HTTPConnection("127.0.0.1", onput.port, timeout=20)
    connection.putrequest("GET", "/", skip_host=True)
    for name, value in (("Host", front.host), ("X-Many", "1"), ("x-many", "2")):
        connection.putheader(name, value)
    connection.endheaders()
    assert event_of_raw(connection)["headers"]["x-many"] == "1,2"


def event_of_raw(connection):
    answer = connection.getresponse()
    assert answer.status == 200
    return json.loads(answer.read())


def test_the_url_answers_below_its_path_too(front):
    event = event_of(front.ask_by_path("GET", "/p%20q?a=1"))
    assert (event["rawPath"], event["rawQueryString"]) == ("/p%20q", "a=1")
    assert event["requestContext"]["apiId"] == front.id


def test_an_aliass_url_calls_the_alias(api, onput, make, name):
    make(name, "context")
    api.publish_version(FunctionName=name)
    api.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    allow(api, name, Qualifier="live")
    context = event_of(make_front(api, onput, name, Qualifier="live").ask())["context"]
    assert (context["invoked_function_arn"], context["function_version"]) == (function_arn(name, "live"), "1")


# ---- errors of the front ----

def forbidden(answer, message):
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(answer.body) == {"Message": message}
    assert answer.headers["Content-Type"] == "application/json"


def test_an_unknown_host_is_forbidden(onput):
    front = Front(onput, f"http://{'x' * 32}.lambda-url.{REGION}.localhost:{onput.port}/")
    forbidden(front.ask(), None)
    forbidden(front.ask_by_path(), None)


def test_without_permission_the_way_out_is_named(api, onput, function):
    forbidden(make_front(api, onput, function).ask(), FORBIDDEN)


@pytest.mark.parametrize("missing", ["url", "call"])
def test_it_takes_both_permissions(api, front, function, missing):
    assert front.ask().status == 200
    accepted(api.remove_permission(FunctionName=function, StatementId=missing), 204)
    forbidden(front.ask(), FORBIDDEN)


def test_the_permission_must_name_the_type_of_the_url(api, onput, function):
    allow(api, function, auth="AWS_IAM")
    forbidden(make_front(api, onput, function).ask(), FORBIDDEN)


def test_a_deleted_url_is_forbidden(api, front, function):
    api.delete_function_url_config(FunctionName=function)
    assert front.ask().status == 403


def test_the_url_of_a_deleted_alias_is_forbidden(api, onput, versioned):
    allow(api, versioned, Qualifier="live")
    front = make_front(api, onput, versioned, Qualifier="live")
    assert front.ask().status == 200
    api.delete_alias(FunctionName=versioned, Name="live")
    assert front.ask().status == 403


def test_an_error_of_the_function_is_a_bad_gateway(api, onput, make, name):
    make(name, "thumbnail", Environment={"Variables": {
        "OUTPUT_BUCKET": "thumbnails", "RENDITIONS": '[{"name":"small","width":64}]'}})
    allow(api, name)
    answer = make_front(api, onput, name).ask()
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_no_concurrency_is_too_many_requests(api, front, function):
    api.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    assert front.ask().status == 429


# ---- AWS_IAM ----

def test_a_signed_request_tells_who_called(api, onput, function):
    event = event_of(make_front(api, onput, function, auth="AWS_IAM").ask("POST", "/a/b?c=d", b"{}", {
        "Content-Type": "application/json"}, user="root"))
    context = event["requestContext"]
    assert context["accountId"] == "000000000000"
    iam = context["authorizer"]["iam"]
    assert set(iam) == {"accessKey", "accountId", "callerId", "cognitoIdentity", "principalOrgId", "userArn", "userId"}
    assert (iam["accessKey"], iam["accountId"], iam["cognitoIdentity"]) == (access_key("root"), "000000000000", None)
    assert iam["userArn"] == "arn:aws:iam::000000000000:root"


def test_an_unsigned_request_is_forbidden(api, onput, function):
    allow(api, function, auth="AWS_IAM")
    assert make_front(api, onput, function, auth="AWS_IAM").ask().status == 403


def test_a_wrong_signature_is_forbidden(api, onput, function):
    front = make_front(api, onput, function, auth="AWS_IAM")
    request = sign("GET", front.url, user="root", secret_key="another-secret-key")
    assert onput.http("GET", "/", None, {"Host": front.host, **dict(request.headers)}).status == 403


def test_a_user_needs_both_permissions_too(api, onput, function):
    front = make_front(api, onput, function, auth="AWS_IAM")
    assert front.ask(user="bob").status == 403
    allow(api, function, auth="AWS_IAM", Principal="arn:aws:iam::000000000000:user/bob")
    assert event_of(front.ask(user="bob"))["requestContext"]["authorizer"]["iam"]["userArn"].endswith(":user/bob")


# ---- CORS ----

@pytest.fixture
def cors(api, onput, function):
    allow(api, function)
    return make_front(api, onput, function, Cors=CORS)


def test_a_preflight_is_answered_without_the_function(api, cors, function):
    api.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    answer = cors.ask("OPTIONS", "/", None, {"Origin": "https://example.com", "Access-Control-Request-Method": "POST",
                                             "Access-Control-Request-Headers": "x-a"})
    assert answer.status in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://example.com"
    assert set(re.split(r", ?", answer.headers["Access-Control-Allow-Methods"])) == {"GET", "POST"}
    assert set(re.split(r", ?", answer.headers["Access-Control-Allow-Headers"])) == {"x-a", "x-b"}
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Max-Age"] == "300"


def test_answers_carry_the_origin_that_is_allowed(cors):
    answer = cors.ask("GET", "/", None, {"Origin": "https://example.com"})
    assert answer.status == 200 and answer.headers["Access-Control-Allow-Origin"] == "https://example.com"
    assert answer.headers["Access-Control-Expose-Headers"] == "x-c"
    assert "Access-Control-Allow-Origin" not in cors.ask("GET", "/", None, {"Origin": "https://evil.org"}).headers


def test_a_preflight_of_another_origin_is_not_allowed(cors):
    answer = cors.ask("OPTIONS", "/", None, {"Origin": "https://evil.org", "Access-Control-Request-Method": "POST"})
    assert "Access-Control-Allow-Origin" not in answer.headers
