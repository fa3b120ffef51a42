"""Installs wallaroo into an empty folder, and builds and runs a project that finds it there.

Needs a finished build: WALLAROO_BUILD=build python3 -m unittest tests/package/test_package.py
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ.get("WALLAROO_BUILD", "build")).resolve()
HERE = pathlib.Path(__file__).resolve().parent


def cache_entry(name):
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return found.group(1) if found else ""


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.prefix = pathlib.Path(folder.name) / "prefix"
        cls.build = pathlib.Path(folder.name) / "build"
        cls.must("cmake", "--install", BUILD, "--prefix", cls.prefix)

    @staticmethod
    def must(*command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"{command} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def test_a_project_of_its_own_finds_builds_and_runs(self):
        flags = [f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Debug"]
        for variable in ("CMAKE_CXX_COMPILER", "CMAKE_CXX_COMPILER_LAUNCHER"):
            if cache_entry(variable):
                flags.append(f"-D{variable}={cache_entry(variable)}")
        if sanitizers := cache_entry("WALLAROO_SANITIZE"):
            flags.append(f"-DCMAKE_CXX_FLAGS=-fsanitize={sanitizers}")
        self.must("cmake", "-G", "Ninja", "-S", HERE / "consumer", "-B", self.build, *flags)
        found = re.search(r"wallaroo_DIR:PATH=(.*)", (self.build / "CMakeCache.txt").read_text())
        self.assertTrue(found.group(1).startswith(str(self.prefix)), found.group(1))
        self.must("cmake", "--build", self.build)
        said = self.must(self.build / "consumer", "--log-level", "off")
        self.assertRegex(said, r"^0 failures, wallaroo \d+\.\d+\.\d+$")

    def test_one_library_holds_all_layers(self):
        libraries = [path.name for path in self.prefix.rglob("*.a")]
        self.assertEqual(libraries, ["libwallaroo.a"])

    def test_no_installed_header_needs_one_that_is_not_installed(self):
        include = self.prefix / "include"
        headers = list(include.rglob("*.hpp"))
        self.assertIn(include / "wallaroo" / "wallaroo.hpp", headers)
        for header in headers:
            text = header.read_text()
            self.assertNotIn('#include "', text, header)
            for name in re.findall(r"#include <(wallaroo/[^>]+)>", text):
                self.assertTrue((include / name).is_file(), f"{header} includes {name}")

    def test_nothing_of_the_source_folder_remains_in_the_package_files(self):
        source = os.environ.get("WALLAROO_SOURCE", str(HERE.parent.parent))
        for path in self.prefix.rglob("*.cmake"):
            self.assertNotIn(source, path.read_text(), path)


if __name__ == "__main__":
    unittest.main()
