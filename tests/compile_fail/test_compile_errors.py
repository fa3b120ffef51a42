"""Every mistake in a case beside this file is refused by the compiler in the user's words."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("WALLAROO_SOURCE", HERE.parent.parent))
COMPILER = os.environ.get("CXX", "g++")


def compile_file(path):
    command = [COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]
    command += [f"-I{SOURCE / 'include'}", f"-I{SOURCE / 'src'}", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def first_wallaroo_message(errors):
    """The first of our own messages, without the quotation and the line breaks of the compiler."""
    found = re.search(r"static assertion failed: wallaroo: (.*)", errors)
    return found.group(1) if found else None


class CompileErrors(unittest.TestCase):
    def test_the_right_way_compiles_without_a_warning(self):
        result = compile_file(HERE / "must_compile.cpp")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_each_mistake_is_refused_in_the_users_words(self):
        cases = sorted(p for p in HERE.glob("*.cpp") if p.name != "must_compile.cpp")
        self.assertGreater(len(cases), 20)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(compile_file, cases))
        for path, result in zip(cases, results):
            with self.subTest(case=path.name):
                expected = re.match(r"// expect: (.+)\n", path.read_text())
                self.assertIsNotNone(expected, "the file does not say what it expects")
                self.assertNotEqual(result.returncode, 0, "it compiles")
                message = first_wallaroo_message(result.stderr)
                self.assertIsNotNone(message, f"no message of ours in:\n{result.stderr[:3000]}")
                self.assertIn(expected.group(1), message)


if __name__ == "__main__":
    unittest.main()
