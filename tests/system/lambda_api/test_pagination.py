"""Marker, MaxItems and NextMarker of every list."""

import pytest

import server
from api import IPVE, Api, accepted, function_arn, invalid
from conftest import create


@pytest.fixture(scope="module")
def lists():
    """An onput with a function that has many of everything, and many functions: lists by name."""
    instance = server.Onput()
    try:
        instance.start()
        api = Api(instance.endpoint)
        for number in range(58):
            create(api, f"f-{number:02}")
        for number in range(60):
            api.update_function_configuration(FunctionName="f-00", Description=str(number))
            assert api.publish_version(FunctionName="f-00").status == 201
            assert api.create_alias(FunctionName="f-00", Name=f"a-{number:02}", FunctionVersion="1").status == 201
        for number in range(6):
            qualifier = f"a-{number:02}"
            api.put_function_event_invoke_config(FunctionName="f-00", Qualifier=qualifier, MaximumRetryAttempts=1)
            api.create_function_url_config(FunctionName="f-00", Qualifier=qualifier, AuthType="NONE")
        yield {
            "api": api,
            "functions": (api.list_functions, "Functions", {}, 60, 50),
            "all versions": (api.list_functions, "Functions", {"FunctionVersion": "ALL"}, 120, 50),
            "versions": (api.list_versions_by_function, "Versions", {"FunctionName": "f-00"}, 61, 50),
            "aliases": (api.list_aliases, "Aliases", {"FunctionName": "f-00"}, 60, 50),
            "invoke configs": (api.list_function_event_invoke_configs, "FunctionEventInvokeConfigs",
                               {"FunctionName": "f-00"}, 6, None),
            "urls": (api.list_function_url_configs, "FunctionUrlConfigs", {"FunctionName": "f-00"}, 6, None)}
    finally:
        instance.remove()


ALL = ["functions", "all versions", "versions", "aliases", "invoke configs", "urls"]


def walk(operation, key, members, size):
    """All pages; each item once."""
    pages, marker = [], {}
    while True:
        answer = operation(**members, **marker, **({"MaxItems": size} if size else {}))
        last = "NextMarker" not in answer.json
        body = accepted(answer, 200, {key} if last else {key, "NextMarker"})
        pages.append([tuple(sorted(map(str, item.values()))) for item in body[key]])
        if last:
            return pages
        marker = {"Marker": body["NextMarker"]}
        assert body["NextMarker"]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("size", [1, 5, 6, 7])
def test_pages_bring_every_item_once(lists, kind, size):
    operation, key, members, count, _ = lists[kind]
    pages = walk(operation, key, members, size)
    assert [len(page) for page in pages] == [size] * (count // size) + ([count % size] if count % size else [])
    items = [item for page in pages for item in page]
    assert len(set(items)) == count


@pytest.mark.parametrize("kind", ["functions", "all versions", "versions", "aliases"])
@pytest.mark.parametrize("size", [None, 51, 10000])
def test_a_page_has_50_items_at_most(lists, kind, size):
    operation, key, members, count, cap = lists[kind]
    pages = walk(operation, key, members, size)
    assert [len(page) for page in pages][0] == cap and sum(map(len, pages)) == count


def test_a_page_goes_on_where_the_last_one_ended_in_order(own):
    api = Api(own.endpoint)
    for number in range(6):
        create(api, f"g-{number}")
    first = api.list_functions(MaxItems=4).json
    names = [f["FunctionName"] for f in first["Functions"]]
    assert names == ["declared-echo", "declared-thumbs", "g-0", "g-1"]
    rest = api.list_functions(MaxItems=10, Marker=first["NextMarker"]).json
    assert [f["FunctionName"] for f in rest["Functions"]] == ["g-2", "g-3", "g-4", "g-5"]


@pytest.mark.parametrize("kind", ALL)
def test_a_marker_that_is_none_is_refused(lists, kind):
    operation, _, members, _, _ = lists[kind]
    answer = operation(Marker="never given out", **members)
    assert (answer.status, answer.code) == (400, IPVE), answer


@pytest.mark.parametrize("kind, limit", [("functions", 10000), ("versions", 10000), ("aliases", 10000),
                                         ("invoke configs", 50), ("urls", 50)])
def test_the_size_of_a_page_is_checked(lists, kind, limit):
    operation, _, members, _, _ = lists[kind]
    invalid(operation(MaxItems=0, **members), ("0", "maxItems", "have value greater than or equal to 1"))
    invalid(operation(MaxItems=limit + 1, **members),
            (str(limit + 1), "maxItems", f"have value less than or equal to {limit}"))


def test_botocores_paginators_walk_every_list(lists):
    api = lists["api"]
    for operation, key, members, count in [
            ("list_functions", "Functions", {}, 60),
            ("list_versions_by_function", "Versions", {"FunctionName": "f-00"}, 61),
            ("list_aliases", "Aliases", {"FunctionName": "f-00"}, 60)]:
        pages = api.client.get_paginator(operation).paginate(**members, PaginationConfig={"PageSize": 9})
        assert sum(len(page[key]) for page in pages) == count
    assert api.get_alias(FunctionName="f-00", Name="a-59").json["AliasArn"] == function_arn("f-00", "a-59")
