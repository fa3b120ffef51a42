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
SOURCE = pathlib.Path(os.environ.get("WALLAROO_SOURCE", HERE.parent.parent))


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
        self.assertEqual(self.must(self.build / "tested"), "0 failures\n")
        self.assertEqual(self.must(self.build / "feeder"), "the address is refused\n")
        # Both programs with the precompiled header share the one of the first.
        headers = list(self.build.rglob("cmake_pch.hxx.gch"))
        self.assertEqual([path.parent.name for path in headers], ["consumer.dir"])

    def test_one_library_holds_all_layers_and_one_those_of_connector_clients(self):
        libraries = sorted(path.name for path in self.prefix.rglob("*.a"))
        self.assertEqual(libraries, ["libwallaroo.a", "libwallaroo_connector_client.a"])

    def test_every_library_that_the_documents_name_is_exported(self):
        named = set()
        for document in [*SOURCE.glob("*.md"), *SOURCE.glob("docs/guide/*.md"),
                         *SOURCE.glob("include/wallaroo/*.hpp")]:
            text = document.read_text()
            for libraries in re.findall(r"target_link_libraries\(\w+ \w+ ([^)]*)\)", text):
                named |= {name for name in libraries.split() if "wallaroo" in name}
            named |= set(re.findall(r"the target (wallaroo[\w:]*)", text))
        self.assertLessEqual({"wallaroo::wallaroo", "wallaroo::connector_client"}, named)
        (targets,) = self.prefix.rglob("wallarooTargets.cmake")
        exported = set(re.findall(r"add_library\((\S+) ", targets.read_text()))
        self.assertLessEqual(named, exported)

    def test_the_python_client_is_installed(self):
        folder = self.prefix / "share" / "wallaroo" / "python"
        said = self.must("env", f"PYTHONPATH={folder}", "PYTHONDONTWRITEBYTECODE=1", "python3", "-c",
                         "import wallaroo_connector as c; print(c.ConnectorClient, c.SinkServer)")
        self.assertIn("wallaroo_connector.receiving.SinkServer", said)

    def test_one_target_builds_all_that_is_installed(self):
        """Otherwise a script that builds only some programs would break `cmake --install`."""
        installed = set()
        for script in BUILD.rglob("cmake_install.cmake"):
            installed |= set(re.findall(r'FILES "([^"]+)"', script.read_text()))
        programs = {os.path.relpath(path, BUILD) for path in installed
                    if re.search(r"\.a$|/tools/\w+$", path)}
        self.assertGreaterEqual(len(programs), 3)
        commands = self.must("ninja", "-C", BUILD, "-t", "commands", "wallaroo_installable")
        for program in programs:
            self.assertRegex(commands, rf" {re.escape(program)}( |$)")

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
        for path in self.prefix.rglob("*.cmake"):
            self.assertNotIn(str(SOURCE), path.read_text(), path)


if __name__ == "__main__":
    unittest.main()
