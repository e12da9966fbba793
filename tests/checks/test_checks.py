#!/usr/bin/env python3
"""Tests of the checks: each must pass on a small good repository and fail on one with a fault."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

CHECKS = os.path.dirname(os.path.abspath(__file__))

GOOD = {
    "include/onput/banned.h": "#ifndef B\n#define B\n#undef strcpy\n#define strcpy sorry\n#endif\n",
    "include/onput/text.h": "#ifndef T\n#define T\nstruct text { int len; };\n#endif\n",
    "include/onput/db.h": '#ifndef D\n#define D\n#include "onput/text.h"\n'
    "int db_open(struct text t);\n#endif\n",
    "include/onput/queue.h": "#ifndef Q\n#define Q\nint queue_open(void);\n#endif\n",
    "src/base/CMakeLists.txt": "onput_module(base SOURCES text.c)\n",
    "src/base/text.c": '/* text.c - texts. */\n#include "onput/text.h"\n',
    "src/db/CMakeLists.txt": "onput_module(db SOURCES open.c USES base LINK PkgConfig::SQLITE)\n",
    "src/db/open.c": '/* open.c - opens. */\n#include "onput/db.h"\n\n'
    "int db_open(struct text t)\n{\n    return t.len;\n}\n",
    "src/queue/CMakeLists.txt": "onput_module(queue SOURCES queue.c\n    USES db)\n",
    "src/queue/queue.c": '#include "onput/queue.h"\n\n#include "onput/text.h"\n#include "own.h"\n',
    "src/queue/own.h": "#ifndef O\n#define O\n#endif\n",
    "README.md": "# onput\n",
}


def function_of(lines, name="long_one"):
    return f"int {name}(void)\n{{\n" + "    ;\n" * (lines - 3) + "}\n"


class Checks(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="onput-checks-")
        self.addCleanup(shutil.rmtree, self.root)
        for path, text in GOOD.items():
            self.write(path, text)

    def write(self, path, text):
        target = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as out:
            out.write(text)

    def run_check(self, name, *arguments):
        command = [sys.executable, os.path.join(CHECKS, f"{name}.py"), self.root, *arguments]
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(result.stderr, "")
        return result

    def passes(self, name, *arguments):
        result = self.run_check(name, *arguments)
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout

    def refuses(self, name, expected, *arguments):
        result = self.run_check(name, *arguments)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(expected, result.stdout)
        self.assertTrue(result.stdout.endswith("1 faults\n"), result.stdout)

    # check_layers

    def test_layers_pass(self):
        self.passes("check_layers")

    def test_layers_see_an_include_from_above(self):
        self.write("src/base/text.c", '#include "onput/queue.h"\n')
        self.refuses("check_layers", "src/base/text.c:1: onput/queue.h belongs to queue")

    def test_layers_ignore_comments(self):
        self.write("src/base/text.c", '/*\n#include "onput/queue.h"\n*/\n')
        self.passes("check_layers")

    def test_layers_see_a_header_that_includes_from_above(self):
        self.write("include/onput/db.h", '#include "onput/queue.h"\n')
        self.refuses("check_layers", "include/onput/db.h:1: onput/queue.h belongs to queue")

    def test_layers_see_a_private_header_of_another_folder(self):
        self.write("src/db/open.c", '#include "own.h"\n')
        self.refuses("check_layers", "src/db/open.c:1: own.h is no header of src/db")

    def test_layers_see_a_path_into_another_folder(self):
        self.write("src/db/open.c", '#include "../queue/own.h"\n')
        self.refuses("check_layers", "src/db/open.c:1: ../queue/own.h is no header")

    def test_layers_see_a_uses_line_that_goes_up(self):
        self.write("src/db/CMakeLists.txt", "onput_module(db SOURCES open.c USES base scheduler)\n")
        self.refuses("check_layers", "src/db/CMakeLists.txt: uses scheduler, which is above it")

    def test_layers_see_a_circle(self):
        self.write("src/base/CMakeLists.txt", "onput_module(base SOURCES text.c USES base)\n")
        for folder in ("db", "queue"):
            shutil.rmtree(os.path.join(self.root, "src", folder))
        self.refuses("check_layers", "uses itself: base -> base")

    def test_layers_keep_the_worker_small(self):
        self.write("src/worker/CMakeLists.txt", "onput_program(onput-worker USES base events)\n")
        self.refuses("check_layers", "uses events, but may use only base, ipc, thumbnail")

    def test_layers_keep_a_library_with_its_user(self):
        self.write("src/queue/queue.c", "#include <curl/curl.h>\n")
        self.refuses("check_layers", "src/queue/queue.c:1: <curl/curl.h> is for httpclient only")

    def test_layers_want_an_owner_for_each_header(self):
        self.write("include/onput/stray.h", "\n")
        self.refuses("check_layers", "include/onput/stray.h: has no row in OWNERS")

    def test_layers_want_a_place_for_each_folder(self):
        self.write("src/stray/CMakeLists.txt", "onput_module(stray SOURCES a.c)\n")
        self.refuses("check_layers", "src/stray/CMakeLists.txt: the folder has no place in LEVELS")

    @unittest.skipUnless(shutil.which("gcc") and shutil.which("readelf"), "needs gcc and readelf")
    def test_layers_look_into_the_worker(self):
        source = os.path.join(self.root, "main.txt")
        program = os.path.join(self.root, "onput-worker")
        self.write("main.txt", "int main(void) { return 0; }\n")
        build = ["gcc", "-x", "c", source, "-x", "none", "-o", program, "-Wl,--no-as-needed"]
        subprocess.run(build, check=True)
        self.passes("check_layers", program)
        subprocess.run([*build, "-lsqlite3"], check=True)
        self.refuses("check_layers", "is linked with libsqlite3", program)

    @unittest.skipUnless(shutil.which("gcc") and shutil.which("readelf"), "needs gcc and readelf")
    def test_layers_let_the_runner_have_the_c_library_alone(self):
        source = os.path.join(self.root, "main.txt")
        program = os.path.join(self.root, "onput-runner")
        self.write("main.txt", "int main(void) { return 0; }\n")
        build = ["gcc", "-x", "c", source, "-x", "none", "-o", program, "-Wl,--no-as-needed"]
        subprocess.run(build, check=True)
        self.passes("check_layers", program)
        subprocess.run([*build, "-lcrypto"], check=True)
        self.refuses("check_layers", "is linked with libcrypto", program)

    # check_headers

    def test_headers_pass(self):
        self.assertIn("5 headers with", self.passes("check_headers"))

    def test_headers_see_what_needs_another(self):
        self.write("include/onput/queue.h", "#ifndef Q\n#define Q\nint q(struct text t);\n#endif\n")
        result = self.run_check("check_headers")
        self.assertEqual(result.returncode, 1)
        self.assertIn("include/onput/queue.h: does not compile alone", result.stdout)

    def test_headers_see_a_missing_guard(self):
        self.write("include/onput/queue.h", "struct queue { int fd; };\n")
        result = self.run_check("check_headers")
        self.assertEqual(result.returncode, 1)
        self.assertIn("include/onput/queue.h: does not compile alone", result.stdout)

    # check_banned

    def test_banned_pass(self):
        self.passes("check_banned")

    def test_banned_see_an_undef(self):
        self.write("src/db/open.c", "# undef strcpy\n")
        self.refuses("check_banned", "src/db/open.c:1: takes strcpy off the banned list")

    def test_banned_see_a_jump_back(self):
        body = "    goto out;\nagain:\n    x();\n    goto again;\nout:\n    return;\n"
        self.write("src/db/open.c", f"void f(void)\n{{\n{body}}}\n")
        self.refuses("check_banned", "src/db/open.c:1: f() jumps back to again")

    def test_banned_see_a_tab(self):
        self.write("src/db/open.c", "\tint x;\n")
        self.refuses("check_banned", "src/db/open.c:1: a tab")

    def test_banned_see_trailing_space(self):
        self.write("src/db/open.c", "int x; \n")
        self.refuses("check_banned", "src/db/open.c:1: space at the end of the line")

    def test_banned_see_a_long_line(self):
        self.write("src/db/open.c", "int y;\n/* " + "x" * 95 + " */\n")
        self.refuses("check_banned", "src/db/open.c:2: 101 columns")

    def test_banned_count_columns_and_not_bytes(self):
        self.write("src/db/open.c", "/* " + "\u00e9" * 94 + " */\n")
        self.passes("check_banned")

    def test_banned_see_a_todo_without_number(self):
        self.write("src/db/open.c", "/* TO" + "DO: later */\n/* TO" + "DO(12): later */\n")
        self.refuses("check_banned", "src/db/open.c:1: a TO" + "DO without the number")

    def test_banned_see_a_silenced_tool(self):
        self.write("src/db/open.c", "int x; // NO" + "LINT\n")
        self.refuses("check_banned", "src/db/open.c:1: silences a tool")

    # check_sizes

    def test_sizes_pass_at_the_limit(self):
        self.write("src/db/open.c", function_of(100))
        self.assertIn("longest 100", self.passes("check_sizes"))

    def test_sizes_see_a_long_function(self):
        self.write("src/db/open.c", "\n" + function_of(101))
        self.refuses("check_sizes", "src/db/open.c:2: long_one() has 101 lines")

    def test_sizes_are_not_fooled_by_braces_in_text(self):
        odd = "#define OPEN {\nconst char *x = \"{\"; /* { */\nchar y = '{';\n"
        self.write("src/db/open.c", odd + function_of(101))
        self.refuses("check_sizes", "src/db/open.c:4: long_one() has 101 lines")

    def test_sizes_take_no_table_for_a_function(self):
        self.write("src/db/open.c", "int x[] = {\n" + "    1,\n" * 200 + "};\n")
        self.passes("check_sizes")

    def test_sizes_see_a_long_file(self):
        self.write("src/db/open.c", "int x;\n" * 601)
        self.refuses("check_sizes", "src/db/open.c: 601 lines, more than 600")

    def test_sizes_let_the_list_of_a_test_be_long(self):
        self.write("tests/unit/db/test_open.c", function_of(150, "main"))
        self.passes("check_sizes")
        self.write("tests/unit/db/test_open.c", function_of(150))
        self.refuses("check_sizes", "tests/unit/db/test_open.c:1: long_one() has 150 lines")

    # check_text

    def test_text_passes(self):
        self.write("src/db/open.c", "/* &#10; is a line feed, #define is none. */\n")
        self.passes("check_text")

    def test_text_sees_a_folder_of_a_machine(self):
        self.write("README.md", "see\n/wo" + "rk/main\n")
        self.refuses("check_text", "README.md:2: ")

    def test_text_sees_who_wrote_it(self):
        self.write("README.md", "As an A" + "I, hello\n")
        self.refuses("check_text", "README.md:1: ")

    def test_text_sees_issue_numbers_in_comments(self):
        self.write("src/db/open.c", "/* one\n * see #12 */\n")
        self.refuses("check_text", "src/db/open.c:2: an issue number, #12")

    def test_text_sees_issue_numbers_in_scripts(self):
        self.write("tools/run.sh", "#!/bin/sh\necho '#12'\ntrue # see #" + "12\n")
        self.refuses("check_text", "tools/run.sh:3: an issue number, #12")


if __name__ == "__main__":
    unittest.main()
