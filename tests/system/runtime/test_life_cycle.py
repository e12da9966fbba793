"""From the first process of a function to the last."""

import concurrent.futures
import os
import signal
import time

from calls import exit_error, invoke, log, notes, run, timeout_error
from conftest import client
from machine import IS_ROOT
from server import wait_until


def gather(api, function, folder, count, pool, present=None):
    """Starts `count` invocations that all wait in the function, until `present` of them are there; the futures."""
    made = [pool.submit(invoke, api, function, {"do": "meet", "folder": str(folder)}) for _ in range(count)]
    wait_until(lambda: len(list(folder.iterdir())) == (present or count), lambda: f"{sorted(folder.iterdir())}")
    return made


def test_a_process_is_used_again(start):
    api = client(start())
    told = [run(api, "raw", {"do": "tell"}) for _ in range(5)]
    assert len({one["pid"] for one in told}) == 1 and [one["calls"] for one in told] == [1, 2, 3, 4, 5]


def test_parallel_calls_have_processes_of_their_own(start):
    own = start()
    api, folder = client(own), own.open_folder("meet")
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        calls = gather(api, "raw", folder, 5, pool)
        assert len(own.workers()) == 5
        (folder / "go").touch()
        pids = {call.result().json["pid"] for call in calls}
    assert len(pids) == 5
    assert run(api, "raw", {"do": "tell"})["pid"] in pids


def test_reserved_concurrency_limits_the_processes(start):
    own = start()
    api, folder = client(own), own.open_folder("meet")
    assert api.put_function_concurrency(FunctionName="raw", ReservedConcurrentExecutions=2).status == 200
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        calls = gather(api, "raw", folder, 2, pool)
        refused = invoke(api, "raw")
        assert (refused.status, refused.code) == (429, "TooManyRequestsException"), refused
        assert len(own.workers()) == 2
        (folder / "go").touch()
        assert all(call.result().status == 200 for call in calls)
    assert run(api, "raw", [1]) == [1]


def test_a_call_waits_for_a_place_among_all_processes(start):
    """With no more processes than that, the third call runs when the first is done."""
    own = start(runtime={"processes": 2})
    api, folder = client(own), own.open_folder("meet")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        calls = gather(api, "raw", folder, 2, pool)
        third = pool.submit(invoke, api, "raw-settings", {"do": "tell"})
        assert len(own.workers()) == 2
        (folder / "go").touch()
        assert all(call.result().status == 200 for call in calls)
        assert third.result().status == 200, third.result()
    assert len(own.workers()) <= 2


def test_an_idle_process_gives_its_place_to_another_function(start):
    own = start(runtime={"processes": 1})
    api = client(own)
    first = run(api, "raw", {"do": "tell"})["pid"]
    assert run(api, "raw-settings", {"do": "tell"})["calls"] == 1
    assert run(api, "raw", {"do": "tell"})["pid"] != first
    assert len(own.workers()) == 1


def test_an_idle_process_is_ended(start):
    own = start(runtime={"idle_timeout": "200ms"})
    api = client(own)
    first = run(api, "raw", {"do": "tell"})
    own.wait_for_no_process()
    assert run(api, "raw", {"do": "tell"})["pid"] != first["pid"]


def test_a_process_that_ends_while_it_is_idle_is_replaced(start):
    own = start()
    api = client(own)
    first = run(api, "raw", {"do": "tell"})["pid"]
    os.kill(first, signal.SIGKILL)
    own.wait_for_no_process()
    assert run(api, "raw", {"do": "tell"})["calls"] == 1


def test_files_survive_a_crash_and_memory_does_not(start):
    api = client(start())
    assert run(api, "raw", {"do": "keep", "text": "one"})["before"] is None
    exit_error(invoke(api, "raw", {"do": "leave", "code": 1}), "Runtime exited with error: exit status 1")
    assert run(api, "raw", {"do": "keep", "text": "two"})["before"] == "one"
    assert run(api, "raw", {"do": "tell"})["calls"] == 2


def test_another_function_finds_no_files_of_the_one_before(start):
    api = client(start(runtime={"processes": 1}))
    run(api, "raw", {"do": "keep", "text": "of raw"})
    assert run(api, "raw-settings", {"do": "keep", "text": "x"})["before"] is None


def test_a_stop_leaves_no_process(start):
    own = start()
    api = client(own)
    for function in ("raw", "raw-settings", "python", "node"):
        run(api, function)
    assert len(own.processes()) >= 8  # each with its runner
    assert own.stop() == 0, own.log_tail()
    assert own.processes() == {}


def is_stopping(own):
    try:
        own.admin("/readyz")
    except OSError:
        return True
    return False


def test_a_stop_lets_a_call_end(start):
    own = start()
    api, folder = client(own), own.open_folder("meet")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        call, = gather(api, "raw", folder, 1, pool)
        own.process.terminate()
        wait_until(lambda: is_stopping(own), own.log_tail)
        (folder / "go").touch()
        assert call.result().status == 200
    assert own.process.wait(30) == 0
    assert own.processes() == {}


def test_a_stop_does_not_wait_for_ever(start):
    own = start(workers={"drain_timeout": "1s"})
    api, folder = client(own), own.open_folder("meet")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        gather(api, "raw", folder, 1, pool)
        begun = time.monotonic()
        own.stop()
        assert time.monotonic() - begun < 15
    assert own.processes() == {}


def test_a_killed_daemon_leaves_no_process(start):
    own = start()
    api, folder = client(own), own.open_folder("marks")
    for function in ("raw", "python", "node", "shell"):
        run(api, function)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(invoke, api, "raw-settings", {
            "do": "hang", "children": 3, "deaf": True, "mark": str(folder / "hangs")})
        wait_until((folder / "hangs").exists, own.log_tail)
        assert len(own.workers()) >= 8
        own.kill()
        assert hanging.exception() is not None
    own.wait_for_no_process()


def test_a_killed_daemon_loses_no_event(start):
    """One runs, others wait; all of them run after the restart, and nothing of before does."""
    own = start(functions={})
    own.settings["functions"]["raw"]["concurrency"] = 1
    own.settings["functions"]["raw"]["backoff"] = "10ms"
    own.reload()
    api, folder = client(own), own.open_folder("work")
    wait_until(lambda: api.get_function_concurrency(FunctionName="raw").json.get("ReservedConcurrentExecutions") == 1,
               own.log_tail)
    assert invoke(api, "raw", {"do": "meet", "folder": str(folder)}, InvocationType="Event").status == 202
    wait_until(lambda: list(folder.iterdir()), own.log_tail)
    tags = [f"event {number}" for number in range(20)]
    for tag in tags:
        answer = invoke(api, "raw", {"do": "note", "file": str(folder / "notes"), "tag": tag}, InvocationType="Event")
        assert answer.status == 202
    assert notes(folder / "notes") == []
    own.kill()
    own.wait_for_no_process()
    (folder / "go").touch()
    own.start()
    wait_until(lambda: set(notes(folder / "notes")) == set(tags), lambda: f"{notes(folder / 'notes')} {own.log_tail()}")


def test_an_event_that_fails_is_tried_again(start):
    own = start()
    api, folder = client(own), own.open_folder("work")
    assert invoke(api, "start-later", {"do": "note", "file": str(folder / "notes"), "tag": "late"},
                  InvocationType="Event").status == 202
    wait_until(lambda: "exit status 7" in own.log_text(), own.log_tail)
    (own.functions / "start-later").touch()
    wait_until(lambda: notes(folder / "notes") == ["late"], own.log_tail)


def test_an_event_runs_with_its_requests_id(start):
    own = start()
    api = client(own)
    answer = invoke(api, "raw", {"do": "say", "base64": "YW4gZXZlbnQK"}, InvocationType="Event")
    wait_until(lambda: any("an event" in line and answer.request_id in line for line in own.log_text().splitlines()),
               own.log_tail)


def test_a_timeout_costs_one_process(start):
    own = start()
    api = client(own)
    timeout_error(invoke(api, "raw-short", {"do": "hang"}))
    told = run(api, "raw-short", {"do": "tell"})
    assert told["calls"] == 1
    own.wait_for_processes(1)
    assert "START" in log(invoke(api, "raw-short", LogType="Tail"))
    if IS_ROOT:
        assert told["uid"] == run(api, "raw-short", {"do": "tell"})["uid"]


def test_removed_functions_lose_their_processes(start):
    own = start()
    api = client(own)
    run(api, "raw")
    run(api, "raw-settings")
    assert api.delete_function(FunctionName="raw").status == 204
    own.wait_for_processes(1)
    del own.settings["functions"]["raw-settings"]
    own.reload()
    own.wait_for_no_process()
