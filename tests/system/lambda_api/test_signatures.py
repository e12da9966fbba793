"""Signature Version 4 at the door: what is let in, and how everything else is refused."""

import datetime
import json
import re
import unittest.mock

import botocore.auth
import pytest

import api as lambda_api
import server
from api import UUID, error_body, sign

PATH = "/2016-08-19/account-settings"
NO_TOKEN = "Missing Authentication Token"
UNKNOWN = "The security token included in the request is invalid."
WRONG = ("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
         "Key and signing method. Consult the service documentation for details.")


def ask(onput, headers, method="GET", path=PATH, body=None):
    return onput.http(method, path, body, dict(headers))


def signed(onput, method="GET", path=PATH, body=b"", **changes):
    """The headers of a request that onput lets in, but for the changes."""
    return dict(sign(method, onput.endpoint + path, body, **changes).headers)


def at(moment):
    """botocore's clock, set to another time."""
    return unittest.mock.patch("botocore.auth.get_current_datetime", lambda **_: moment)


def now(**delta):
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(**delta)


def turned_away(answer, code, message):
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, code), (answer.status, answer.body)
    assert UUID.match(answer.headers["x-amzn-RequestId"]) and answer.headers["Content-Type"] == "application/json"
    body = json.loads(answer.body)
    text = body["message"]
    assert message.search(text) if hasattr(message, "search") else text == message, text
    assert body == error_body(code, text)


def test_a_signed_request_is_let_in(onput):
    assert ask(onput, signed(onput)).status == 200


def test_without_signature(onput):
    turned_away(ask(onput, {}), "MissingAuthenticationTokenException", NO_TOKEN)


def test_an_unknown_key(onput):
    turned_away(ask(onput, signed(onput, access_key="AKIAUNKNOWN")), "UnrecognizedClientException", UNKNOWN)


def test_a_wrong_secret(onput):
    turned_away(ask(onput, signed(onput, secret_key="another-secret")), "InvalidSignatureException", WRONG)


def test_a_signature_covers_the_method(onput):
    path = "/2015-03-31/functions/declared-echo"
    turned_away(ask(onput, signed(onput, path=path), "DELETE", path), "InvalidSignatureException", WRONG)


@pytest.mark.parametrize("by", [{"path": "/2015-03-31/functions"}, {"path": PATH + "?a=b"}], ids=["path", "query"])
def test_a_signature_covers_the_request(onput, by):
    turned_away(ask(onput, signed(onput), **by), "InvalidSignatureException", WRONG)


@pytest.mark.parametrize("body", [b'{"Tags":{"a":"c"}}', b"", b'{"Tags":{"a":"b"}} '])
def test_a_signature_covers_the_body(onput, body):
    path = "/2017-03-31/tags/" + "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Adeclared-echo"
    headers = signed(onput, "POST", path, b'{"Tags":{"a":"b"}}')
    turned_away(ask(onput, headers, "POST", path, body), "InvalidSignatureException", WRONG)
    assert ask(onput, headers, "POST", path, b'{"Tags":{"a":"b"}}').status == 204


def test_a_signature_covers_the_headers_that_it_names(onput):
    headers = signed(onput, headers={"X-Mine": "1"})
    assert ask(onput, headers).status == 200
    turned_away(ask(onput, {**headers, "X-Mine": "2"}), "InvalidSignatureException", WRONG)


@pytest.mark.parametrize("minutes", [-14, 14])
def test_clocks_may_differ_by_15_minutes(onput, minutes):
    with at(now(minutes=minutes)):
        headers = signed(onput)
    assert ask(onput, headers).status == 200


@pytest.mark.parametrize("delta, message", [
    ({"minutes": -16},
     r"^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$"),
    ({"minutes": 16},
     r"^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 15 min\.\)$"),
    ({"days": -3}, "^Signature expired: "), ({"days": 3}, "^Signature not yet current: ")])
def test_a_time_that_is_not_now(onput, delta, message):
    with at(now(**delta)):
        headers = signed(onput)
    turned_away(ask(onput, headers), "InvalidSignatureException", re.compile(message))


@pytest.mark.parametrize("scope, message", [
    ({"region": "eu-west-1"}, "Credential should be scoped to a valid region."),
    ({"service": "s3"}, "Credential should be scoped to correct service: 'lambda'."),
    ({"region": "eu-west-1", "service": "s3"}, "Credential should be scoped to a valid region. "
                                               "Credential should be scoped to correct service: 'lambda'.")])
def test_a_signature_for_somebody_else(onput, scope, message):
    turned_away(ask(onput, signed(onput, **scope)), "InvalidSignatureException", message)


@pytest.mark.parametrize("change, missing", [
    (lambda value: "AWS4-HMAC-SHA256", ["Credential", "Signature", "SignedHeaders"]),
    (lambda value: "Bearer abc", ["Credential", "Signature", "SignedHeaders"]),
    (lambda value: re.sub(r"Credential=[^,]+, ", "", value), ["Credential"]),
    (lambda value: re.sub(r", Signature=.*", "", value), ["Signature"]),
    (lambda value: re.sub(r"SignedHeaders=[^,]+, ", "", value), ["SignedHeaders"]),
    (lambda value: re.sub(r"Signature=.*", "Signature=", value), ["Signature"]),
], ids=["scheme only", "another scheme", "no credential", "no signature", "no headers", "empty signature"])
def test_an_authorization_that_lacks_something_says_what(onput, change, missing):
    headers = signed(onput)
    answer = ask(onput, {**headers, "Authorization": change(headers["Authorization"])})
    turned_away(answer, "IncompleteSignatureException", re.compile("".join(
        f".*Authorization header requires '{name}' parameter\\." for name in missing)))


def test_an_authorization_without_date(onput):
    headers = signed(onput)
    del headers["X-Amz-Date"]
    turned_away(ask(onput, headers), "IncompleteSignatureException",
                re.compile("requires existence of either a 'X-Amz-Date' or a 'Date' header"))


@pytest.mark.parametrize("change, code", [
    (("/aws4_request", ""), "IncompleteSignatureException"),
    (("aws4_request", "aws5_request"), "InvalidSignatureException"),
    (("SignedHeaders=host;", "SignedHeaders="), "InvalidSignatureException"),
])
def test_a_credential_or_list_of_headers_that_is_none(onput, change, code):
    headers = signed(onput)
    headers["Authorization"] = headers["Authorization"].replace(*change)
    answer = ask(onput, headers)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (403, code), answer.body


@pytest.mark.parametrize("value", ["AWS4-HMAC-SHA256 " + "a" * 4000, "AWS4-HMAC-SHA256 ,,,=,=", "\x7f",
                                   "AWS4-HMAC-SHA256 Credential=/////, SignedHeaders=;;;, Signature=zz"])
def test_rubbish_is_turned_away(onput, value):
    answer = ask(onput, {"Authorization": value, "X-Amz-Date": "20261122T000000Z"})
    assert answer.status in (400, 403)
    assert ask(onput, signed(onput)).status == 200


# ---- session tokens ----

def test_a_user_with_a_token_is_let_in_with_it(onput, clients):
    assert clients["erin"].list_functions().status == 200


@pytest.mark.parametrize("user, token", [("erin", None), ("erin", "another"), ("root", "of nobody")])
def test_a_token_that_is_missing_wrong_or_too_much(onput, user, token):
    turned_away(ask(onput, signed(onput, user=user, token=token)), "UnrecognizedClientException", UNKNOWN)


# ---- presigned ----

def presigned(onput, expires=60, **changes):
    def signer(credentials, service, region):
        return botocore.auth.SigV4QueryAuth(credentials, service, region, expires=expires)
    return sign("GET", onput.endpoint + PATH, signer=signer, **changes).url[len(onput.endpoint):]


@pytest.mark.parametrize("user", ["root", "erin"])
def test_a_presigned_url_is_let_in(onput, user):
    answer = ask(onput, {}, path=presigned(onput, user=user))
    assert answer.status == 200 or (user, answer.headers["x-amzn-ErrorType"]) == ("erin", "AccessDeniedException")


def test_a_presigned_url_expires(onput):
    with at(now(seconds=-90)):
        path = presigned(onput)
    turned_away(ask(onput, {}, path=path), "InvalidSignatureException", re.compile("^Signature expired: "))


@pytest.mark.parametrize("change, code", [
    (("X-Amz-Signature=", "X-Amz-Signature=0"), "InvalidSignatureException|IncompleteSignatureException"),
    (("X-Amz-Expires=60", "X-Amz-Expires=600"), "InvalidSignatureException"),
    (("&X-Amz-Expires=60", ""), "IncompleteSignatureException"),
    (("&X-Amz-SignedHeaders=host", ""), "IncompleteSignatureException"),
], ids=["signature", "longer", "no expiry", "no headers"])
def test_a_presigned_url_that_was_changed(onput, change, code):
    path = presigned(onput)
    assert change[0] in path
    answer = ask(onput, {}, path=path.replace(*change))
    assert answer.status == 403 and re.fullmatch(code, answer.headers["x-amzn-ErrorType"]), answer.body


# ---- paths ----

@pytest.mark.parametrize("spelling", ["arn:aws:lambda:us-east-1:000000000000:function:declared-echo:$LATEST",
                                      "declared-echo:$LATEST"])
def test_an_arn_in_the_path_is_encoded_twice(onput, api, spelling):
    """botocore encodes the label, and its signer what is encoded already."""
    answer = api.get_function_configuration(FunctionName=spelling)
    assert answer.status == 200, answer


def test_an_arn_in_the_path_need_not_be_encoded(onput):
    path = "/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:declared-echo/configuration"
    assert ask(onput, signed(onput, path=path), path=path).status == 200


@pytest.mark.parametrize("path, status", [
    ("/2015-03-31/functions/", 200), ("/2016-08-19/account-settings/", 200),
    ("/2015-03-31/functions/declared-echo?Qualifier=%24LATEST", 200), ("/2015-03-31/no-such-thing", 404),
    ("/2015-03-31/functions/declared-echo/unknown", 404)])
def test_other_paths(onput, path, status):
    assert ask(onput, signed(onput, path=path), path=path).status == status


def test_a_query_in_any_order_is_the_same(onput):
    path = "/2015-03-31/functions?MaxItems=1&FunctionVersion=ALL"
    headers = signed(onput, path="/2015-03-31/functions?FunctionVersion=ALL&MaxItems=1")
    assert ask(onput, headers, path=path).status == 200


def test_nobody_is_let_in_while_there_is_no_user(own):
    own.stop()
    own.settings["users"] = {}
    own.start()
    turned_away(ask(own, signed(own)), "UnrecognizedClientException", re.compile("users"))


def test_a_reload_brings_other_users(own):
    frank = dict(access_key="frank-access-key", secret_key="frank-secret-key")
    turned_away(ask(own, signed(own, **frank)), "UnrecognizedClientException", UNKNOWN)
    own.settings["users"]["frank"] = {**frank, "root": True}
    del own.settings["users"]["bob"]
    own.reload()
    server.wait_until(lambda: ask(own, signed(own, **frank)).status == 200, own.log_tail)
    turned_away(ask(own, signed(own, user="bob")), "UnrecognizedClientException", UNKNOWN)
    assert lambda_api.Api(own.endpoint).list_functions().status == 200
