"""Many clients change one policy at once: nothing is lost, nothing is torn."""

import concurrent.futures
import json

from api import accepted
from test_policy import add, document, policy, statement_of

CLIENTS = 64


def sids_of(api, function):
    answer = api.get_policy(FunctionName=function)
    if answer.status == 404:
        return []
    return [s["Sid"] for s in json.loads(answer.json["Policy"])["Statement"]]


def test_64_clients_add_and_remove_and_none_is_lost(api, make):
    """Every client keeps one statement of two; readers in between always see whole documents. Short names, because 128
    statements have to fit."""
    function = "p"
    make(function)

    def work(number):
        kept, passing = f"kept-{number}", f"p{number}"
        statement_of(add(api, function, kept, Principal="*"))
        statement_of(add(api, function, passing, Principal="*"))
        seen = sids_of(api, function)
        assert kept in seen and passing in seen and len(seen) == len(set(seen))
        accepted(api.remove_permission(FunctionName=function, StatementId=passing), 204)
        seen = sids_of(api, function)
        assert kept in seen and passing not in seen
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    assert sorted(sids_of(api, function)) == sorted(f"kept-{n}" for n in range(CLIENTS))


def test_of_64_clients_with_one_revision_one_wins(api, function):
    add(api, function, "first")
    _, revision = policy(api, function)
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda n: add(api, function, f"s{n}", RevisionId=revision), range(CLIENTS)))
    assert sorted(a.status for a in answers) == [201] + [412] * (CLIENTS - 1)
    [winner] = [n for n, answer in enumerate(answers) if answer.status == 201]
    assert sids_of(api, function) == ["first", f"s{winner}"]


def test_of_64_clients_with_one_statement_id_one_wins(api, function):
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(lambda n: add(api, function, "same", SourceAccount=f"{n:012}"), range(CLIENTS)))
    assert sorted(a.status for a in answers) == [201] + [409] * (CLIENTS - 1)
    [won] = [answer.json["Statement"] for answer in answers if answer.status == 201]
    assert policy(api, function)[0] == document(won)


def test_64_clients_make_and_delete_functions(api, make, name):
    def work(number):
        mine = f"{name}-{number}"
        make(mine)
        add(api, mine, "s")
        assert sids_of(api, mine) == ["s"]
        if number % 2:
            accepted(api.delete_function(FunctionName=mine), 204)
        return api.get_function(FunctionName=mine).status
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        assert list(pool.map(work, range(CLIENTS))) == [200, 404] * (CLIENTS // 2)
