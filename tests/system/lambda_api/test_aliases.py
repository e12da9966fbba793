"""CreateAlias, GetAlias, UpdateAlias, DeleteAlias, ListAliases and weighted routing."""

import pytest

from api import CONFLICT, IPVE, NOT_FOUND, PRECONDITION, UUID, accepted, function_arn, refused
from test_functions import STALE

ALIAS = {"AliasArn", "Name", "FunctionVersion", "Description", "RevisionId"}
WEIGHTED = ALIAS | {"RoutingConfig"}


def weights(**by_version):
    return {"AdditionalVersionWeights": {version.lstrip("v"): weight for version, weight in by_version.items()}}


def test_create_answers_the_alias(api, versioned):
    made = accepted(api.create_alias(FunctionName=versioned, Name="new", FunctionVersion="2", Description="d"), 201,
                    ALIAS)
    assert UUID.match(made.pop("RevisionId"))
    assert made == {"AliasArn": function_arn(versioned, "new"), "Name": "new", "FunctionVersion": "2",
                    "Description": "d"}


def test_create_answers_the_weights(api, versioned):
    made = accepted(api.create_alias(FunctionName=versioned, Name="new", FunctionVersion="1",
                                     RoutingConfig=weights(v2=0.25)), 201, WEIGHTED)
    assert (made["Description"], made["RoutingConfig"]) == ("", {"AdditionalVersionWeights": {"2": 0.25}})
    assert accepted(api.get_alias(FunctionName=versioned, Name="new"), 200, WEIGHTED) == made


def test_create_of_latest(api, function):
    assert accepted(api.create_alias(FunctionName=function, Name="new", FunctionVersion="$LATEST"), 201,
                    ALIAS)["FunctionVersion"] == "$LATEST"


def test_create_refuses_an_alias_that_exists(api, versioned):
    refused(api.create_alias(FunctionName=versioned, Name="live", FunctionVersion="1"), 409, CONFLICT,
            f"Alias already exists: {function_arn(versioned, 'live')}")


@pytest.mark.parametrize("operation, alias", [("create_alias", "new"), ("update_alias", "live")])
def test_a_version_must_exist(api, versioned, operation, alias):
    refused(getattr(api, operation)(FunctionName=versioned, Name=alias, FunctionVersion="10"), 404, NOT_FOUND,
            f"Function not found: {function_arn(versioned, '10')}")


@pytest.mark.parametrize("routing, version, text, typed", [
    (weights(v1=0.1, v2=0.2), "1", "Number of items in AdditionalVersionWeights cannot be greater than 1", True),
    (weights(v1=0.1), "1",
     "Invalid function version 1. Function version 1 is already included in routing configuration.", True),
    (weights(v1=0.1), "$LATEST", "$LATEST is not supported for an alias pointing to more than 1 version", False),
], ids=["two", "the same", "of latest"])
@pytest.mark.parametrize("operation, alias", [("create_alias", "new"), ("update_alias", "live")])
def test_weights_are_checked(api, versioned, operation, alias, routing, version, text, typed):
    answer = getattr(api, operation)(FunctionName=versioned, Name=alias, FunctionVersion=version, RoutingConfig=routing)
    refused(answer, 400, IPVE, text, typed=typed)


def test_weights_need_a_version_that_exists(api, versioned):
    refused(api.create_alias(FunctionName=versioned, Name="new", FunctionVersion="1", RoutingConfig=weights(v9=0.1)),
            404, NOT_FOUND, f"Function not found: {function_arn(versioned, '9')}")


def test_get_answers_the_alias(api, versioned):
    got = accepted(api.get_alias(FunctionName=versioned, Name="live"), 200, ALIAS)
    assert (got["AliasArn"], got["FunctionVersion"]) == (function_arn(versioned, "live"), "1")


def test_get_of_an_unknown_alias(api, versioned):
    refused(api.get_alias(FunctionName=versioned, Name="nobody"), 404, NOT_FOUND,
            f"Cannot find alias arn: {function_arn(versioned, 'nobody')}")


def test_update_changes_what_it_names(api, versioned):
    before = api.get_alias(FunctionName=versioned, Name="live").json
    after = accepted(api.update_alias(FunctionName=versioned, Name="live", Description="new"), 200, ALIAS)
    assert (after["FunctionVersion"], after["Description"]) == ("1", "new")
    assert after["RevisionId"] != before["RevisionId"]
    after = accepted(api.update_alias(FunctionName=versioned, Name="live", FunctionVersion="2"), 200, ALIAS)
    assert (after["FunctionVersion"], after["Description"]) == ("2", "new")
    assert api.get_alias(FunctionName=versioned, Name="live").json == after


def test_update_sets_and_removes_weights(api, versioned):
    after = accepted(api.update_alias(FunctionName=versioned, Name="live", RoutingConfig=weights(v2=0.5)), 200,
                     WEIGHTED)
    assert after["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.5}}
    accepted(api.update_alias(FunctionName=versioned, Name="live", RoutingConfig=weights()), 200, ALIAS)


def test_update_of_an_unknown_alias(api, versioned):
    refused(api.update_alias(FunctionName=versioned, Name="nobody", Description="x"), 404, NOT_FOUND,
            f"Alias not found: {function_arn(versioned, 'nobody')}")


def test_update_refuses_a_stale_revision(api, versioned):
    revision = api.get_alias(FunctionName=versioned, Name="live").json["RevisionId"]
    refused(api.update_alias(FunctionName=versioned, Name="live", Description="x",
                             RevisionId="00000000-0000-4000-8000-000000000000"), 412, PRECONDITION, STALE)
    accepted(api.update_alias(FunctionName=versioned, Name="live", Description="x", RevisionId=revision), 200, ALIAS)


def test_delete_removes_the_alias(api, versioned):
    accepted(api.delete_alias(FunctionName=versioned, Name="live"), 204)
    assert api.get_alias(FunctionName=versioned, Name="live").status == 404


def test_delete_of_an_unknown_alias_succeeds(api, versioned):
    accepted(api.delete_alias(FunctionName=versioned, Name="nobody"), 204)


def test_aliases_are_listed(api, versioned):
    api.create_alias(FunctionName=versioned, Name="beta", FunctionVersion="2", RoutingConfig=weights(v1=0.1))
    aliases = accepted(api.list_aliases(FunctionName=versioned), 200, {"Aliases"})["Aliases"]
    assert [(a["Name"], set(a)) for a in aliases] == [("beta", WEIGHTED), ("live", ALIAS)]
    for version, names in [("1", ["live"]), ("2", ["beta"]), ("$LATEST", [])]:
        got = accepted(api.list_aliases(FunctionName=versioned, FunctionVersion=version), 200, {"Aliases"})
        assert [a["Name"] for a in got["Aliases"]] == names


def test_an_alias_runs_its_version(api, versioned):
    assert api.invoke(FunctionName=versioned, Qualifier="live").headers["X-Amz-Executed-Version"] == "1"
    api.update_alias(FunctionName=versioned, Name="live", FunctionVersion="2")
    assert api.invoke(FunctionName=versioned, Qualifier="live").headers["X-Amz-Executed-Version"] == "2"


def test_weights_share_out_the_calls(api, versioned):
    api.update_alias(FunctionName=versioned, Name="live", RoutingConfig=weights(v2=0.5))
    ran = [api.invoke(FunctionName=versioned, Qualifier="live").headers["X-Amz-Executed-Version"] for _ in range(100)]
    assert set(ran) == {"1", "2"} and 15 <= ran.count("2") <= 85  # outside once in 10^12 runs


@pytest.mark.parametrize("weight, runs", [(0.0, "1"), (1.0, "2")])
def test_weights_at_their_ends(api, versioned, weight, runs):
    api.update_alias(FunctionName=versioned, Name="live", RoutingConfig=weights(v2=weight))
    for _ in range(20):
        answer = api.invoke(FunctionName=versioned, Qualifier="live")
        assert answer.headers["X-Amz-Executed-Version"] == runs
