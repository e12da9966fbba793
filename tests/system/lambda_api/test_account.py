"""GetAccountSettings."""

from api import Api, accepted, sign, zip_bytes
from conftest import create


def test_settings_tell_limits_and_usage(own):
    api = Api(own.endpoint)
    settings = accepted(api.get_account_settings(), 200, {"AccountLimit", "AccountUsage"})
    assert settings["AccountLimit"] == {
        "TotalCodeSize": 80530636800, "CodeSizeUnzipped": 262144000, "CodeSizeZipped": 52428800,
        "ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 1000}
    assert set(settings["AccountUsage"]) == {"TotalCodeSize", "FunctionCount"}
    before = settings["AccountUsage"]
    assert before["FunctionCount"] == 2
    code = zip_bytes()
    create(api, "f", Code={"ZipFile": code})
    api.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=30)
    settings = api.get_account_settings().json
    assert settings["AccountUsage"] == {"TotalCodeSize": before["TotalCodeSize"] + len(code), "FunctionCount": 3}
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 970
    api.delete_function(FunctionName="f")
    assert api.get_account_settings().json["AccountUsage"] == before


def test_old_clients_ask_with_a_slash_at_the_end(onput):
    url = f"{onput.endpoint}/2016-08-19/account-settings/"
    answer = onput.http("GET", "/2016-08-19/account-settings/", None, dict(sign("GET", url).headers))
    assert answer.status == 200
