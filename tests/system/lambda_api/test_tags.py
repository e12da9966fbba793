"""TagResource, ListTags, UntagResource."""

import pytest

from api import IPVE, NOT_FOUND, accepted, function_arn, refused
from server import ROLE

ON_VERSIONS = "Tags on function aliases and versions are not supported. Please specify a function ARN."


def tags(api, function):
    return accepted(api.list_tags(Resource=function_arn(function)), 200, {"Tags"})["Tags"]


def test_tags_are_set_changed_and_removed(api, function):
    arn = function_arn(function)
    assert tags(api, function) == {}
    accepted(api.tag_resource(Resource=arn, Tags={"a": "1", "b c": "", "ü/=+-@:": "x y"}), 204)
    assert tags(api, function) == {"a": "1", "b c": "", "ü/=+-@:": "x y"}
    accepted(api.tag_resource(Resource=arn, Tags={"a": "2", "d": "4"}), 204)
    assert tags(api, function) == {"a": "2", "b c": "", "ü/=+-@:": "x y", "d": "4"}
    accepted(api.untag_resource(Resource=arn, TagKeys=["a", "b c", "ü/=+-@:", "never there"]), 204)
    assert tags(api, function) == {"d": "4"}
    accepted(api.untag_resource(Resource=arn, TagKeys=["d"]), 204)
    assert tags(api, function) == {}


@pytest.mark.parametrize("operation, more", [("tag_resource", {"Tags": {"a": "b"}}), ("list_tags", {}),
                                             ("untag_resource", {"TagKeys": ["a"]})])
def test_a_missing_function(api, operation, more):
    refused(getattr(api, operation)(Resource=function_arn("missing"), **more), 404, NOT_FOUND,
            f"Function not found: {function_arn('missing')}")


@pytest.mark.parametrize("operation, more", [("tag_resource", {"Tags": {"a": "b"}}), ("list_tags", {}),
                                             ("untag_resource", {"TagKeys": ["a"]})])
@pytest.mark.parametrize("qualifier", ["1", "live", "$LATEST"])
def test_versions_and_aliases_have_none(api, versioned, operation, more, qualifier):
    refused(getattr(api, operation)(Resource=function_arn(versioned, qualifier), **more), 400, IPVE, ON_VERSIONS)


def test_an_event_source_mapping_that_is_none(api):
    arn = "arn:aws:lambda:us-east-1:000000000000:event-source-mapping:11111111-2222-4333-8444-555555555555"
    refused(api.list_tags(Resource=arn), 404, NOT_FOUND, f"Event source mapping not found: {arn}")


def test_no_tags_at_all_are_refused(api, function):
    refused(api.tag_resource(Resource=function_arn(function), Tags={}), 400, IPVE,
            "An error occurred and the request cannot be processed.")


def test_there_are_50_tags_at_most(api, function):
    arn = function_arn(function)
    accepted(api.tag_resource(Resource=arn, Tags={f"k{n}": "" for n in range(50)}), 204)
    refused(api.tag_resource(Resource=arn, Tags={"one more": ""}), 400, IPVE,
            "Number of tags exceeds resource tag limit.")
    accepted(api.tag_resource(Resource=arn, Tags={"k0": "changed"}), 204)
    assert len(tags(api, function)) == 50


def test_create_takes_50_tags_at_most(api, name):
    refused(api.create_function(FunctionName=name, Role=ROLE, Runtime="onput.builtin", Handler="echo", Code={},
                                Tags={f"k{n}": "" for n in range(51)}), 400, IPVE,
            "Number of tags exceeds resource tag limit.")
