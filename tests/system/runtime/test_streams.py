"""Results in pieces: through InvokeWithResponseStream and function URLs, and put together for Invoke."""

import json

import pytest

from calls import b64, create, error, fail, invoke, pack, run
from server import REGION

HTTP = "application/vnd.awslambda.http-integration-response"


def asked(pieces, **more):
    return {"do": "pieces", "pieces": [b64(piece) for piece in pieces], **more}


def stream(api, function, event, **members):
    answer = api.invoke_with_response_stream(FunctionName=function, Payload=json.dumps(event).encode(), **members)
    assert answer.status == 200, answer
    return answer


def payload(events):
    return b"".join(event["PayloadChunk"]["Payload"] for event in events if "PayloadChunk" in event)


def test_a_piece_is_there_before_the_next_is_made(api, onput):
    """The function makes a piece only once the client has told that it has the one before."""
    folder = onput.open_folder("pieces")
    pieces = [b"one", b"two\x00\xff", b"three"]
    answer = stream(api, "raw", asked(pieces, folder=str(folder)))
    events = iter(answer.stream)
    got = b""
    for number, piece in enumerate(pieces):
        while got != b"".join(pieces[:number + 1]):
            got += next(events)["PayloadChunk"]["Payload"]
        (folder / str(number + 1)).touch()
    last = list(events)
    assert [list(event) for event in last] == [["InvokeComplete"]]
    assert not last[0]["InvokeComplete"].get("ErrorCode")


def test_a_whole_result_comes_as_a_stream_too(api):
    events = list(stream(api, "raw", {"k": 1}).stream)
    assert json.loads(payload(events)) == {"k": 1} and "InvokeComplete" in events[-1]


def test_a_stream_is_put_together(api):
    answer = invoke(api, "raw", asked([b"a" * 100_000, b"b", b"c"]))
    assert (answer.status, answer.body) == (200, b"a" * 100_000 + b"bc")


def test_an_error_in_the_middle_ends_the_stream(api):
    told = {"errorMessage": "broken in the middle", "errorType": "Function.Broken"}
    events = list(stream(api, "raw", asked([b"half"], fail=told)).stream)
    assert payload(events) == b"half"
    complete = events[-1]["InvokeComplete"]
    assert complete["ErrorCode"] and "broken in the middle" in complete["ErrorDetails"]


def test_an_error_in_the_middle_is_an_error_of_who_wants_it_whole(api):
    told = {"errorMessage": "broken in the middle", "errorType": "Function.Broken"}
    assert "broken in the middle" in fail(api, "raw", asked([b"half"], fail=told))["errorMessage"]


def test_a_stream_that_breaks_off(api):
    events = list(stream(api, "raw", asked([b"half"], **{"break": True})).stream)
    assert payload(events).startswith(b"half") and events[-1]["InvokeComplete"]["ErrorCode"]
    assert fail(api, "raw", asked([b"half"], **{"break": True}))["errorType"]
    assert run(api, "raw", [1]) == [1]


def test_an_error_before_the_stream(api):
    events = list(stream(api, "raw", {"do": "leave", "code": 3}).stream)
    complete = events[-1]["InvokeComplete"]
    assert complete["ErrorCode"] and "exit status 3" in complete["ErrorDetails"]


def test_a_stream_may_be_longer_than_a_whole_result(api):
    events = stream(api, "raw", {"do": "flood", "mib": 20}).stream
    assert sum(len(event["PayloadChunk"]["Payload"]) for event in events if "PayloadChunk" in event) == 20 << 20


def test_a_stream_that_is_put_together_may_not(api):
    told = error(invoke(api, "raw", {"do": "flood", "mib": 7}))
    assert told["errorType"] == "Function.ResponseSizeTooLarge"


def test_who_hangs_up_does_not_stop_the_function(api, onput):
    folder = onput.open_folder("hang-up")
    answer = stream(api, "raw", asked([b"one", b"two", b"three"], folder=str(folder)))
    next(iter(answer.stream))
    answer.stream.close()
    for number in (1, 2):
        (folder / str(number)).touch()
    assert run(api, "raw", {"do": "tell"})["calls"] >= 1


# ---- function URLs ----

@pytest.fixture
def url(api):
    """Makes a URL that anybody may ask: url(function, mode)."""
    made = []

    def make(function, mode="RESPONSE_STREAM"):
        answer = api.create_function_url_config(FunctionName=function, AuthType="NONE", InvokeMode=mode)
        assert answer.status == 201, answer
        made.append(function)
        api.add_permission(FunctionName=function, StatementId="url", Action="lambda:InvokeFunctionUrl", Principal="*",
                           FunctionUrlAuthType="NONE")
        api.add_permission(FunctionName=function, StatementId="call", Action="lambda:InvokeFunction", Principal="*",
                           InvokedViaFunctionUrl=True)
        return answer.json["FunctionUrl"]
    yield make
    for function in made:
        api.delete_function_url_config(FunctionName=function)
        for statement in ("url", "call"):
            api.remove_permission(FunctionName=function, StatementId=statement)


def test_a_page_of_python(onput, url):
    answer = onput.url(url("python-page", "BUFFERED"), "POST", "/p%20q?a=1&a=2", b'{"k":1}', {
        "Content-Type": "application/json", "Cookie": "c=1; d=2"})
    assert (answer.status, answer.headers["X-Teapot"]) == (418, "short")
    assert answer.headers.get_all("Set-Cookie") == ["a=1; Path=/", "b=2"]
    event = json.loads(answer.body)
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/p%20q", "a=1&a=2")
    assert (event["cookies"], event["body"], event["isBase64Encoded"]) == (["c=1", "d=2"], '{"k":1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["domainName"].split(".")[1:3] == ["lambda-url", REGION]


def test_a_picture_of_python(onput, url):
    answer = onput.url(url("python-picture", "BUFFERED"))
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "image/gif", b"GIF89a\xff")


def test_a_page_of_node(onput, url):
    answer = onput.url(url("node-page", "BUFFERED"), path="/a/b")
    assert (answer.status, answer.body, answer.headers["X-Node"]) == (201, b"GET /a/b", "yes")
    assert answer.headers.get_all("Set-Cookie") == ["a=1"]


def test_a_streamed_page_of_node(onput, url):
    answer = onput.url(url("node-stream-page"))
    assert (answer.status, answer.body, answer.headers["X-Node"]) == (202, b"head-tail", "streams")
    assert (answer.headers["Content-Type"], answer.headers.get_all("Set-Cookie")) == ("text/plain", ["a=1", "b=2"])


def test_a_streamed_page_of_go(onput, url):
    answer = onput.url(url("go"), path="/stream")
    assert (answer.status, answer.body, answer.headers["X-Go"]) == (201, b"over a URL", "yes")
    assert (answer.headers["Content-Type"], answer.headers.get_all("Set-Cookie")) == ("text/plain", ["a=1"])


@pytest.mark.parametrize("mode", ["BUFFERED", "RESPONSE_STREAM"])
def test_a_function_that_fails_is_a_bad_gateway(onput, url, mode):
    assert onput.url(url("python-broken", mode)).status == 502


def test_a_page_arrives_piece_by_piece(api, onput, url, name):
    """Prelude and body as the function sent them; the second piece is made once the first is here."""
    folder = onput.open_folder("page")
    prelude = json.dumps({"statusCode": 203, "headers": {"X-Page": "yes"}, "cookies": ["k=v"]}).encode()
    event = asked([prelude + b"\0" * 8 + b"first", b"second"], folder=str(folder), type=HTTP)
    body = (onput.functions / "raw" / "bootstrap").read_text().replace(
        "event = json.loads(body)", f"event = json.loads({json.dumps(json.dumps(event))})")
    create(api, name, pack(None, bootstrap=body))
    pieces = onput.url_pieces(url(name))
    answer = next(pieces)
    assert (answer.status, answer.headers["X-Page"], answer.headers["Set-Cookie"]) == (203, "yes", "k=v")
    got = b""
    while got != b"first":
        got += next(pieces)
    (folder / "1").touch()
    assert b"".join(pieces) == b"second"
