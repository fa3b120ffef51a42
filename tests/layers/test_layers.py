"""Includes go one way, files stay small, and the library never ends the program."""

import collections
import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(
    os.environ.get("WALLAROO_SOURCE", pathlib.Path(__file__).resolve().parents[2])
)

# Headers below include/wallaroo/ that every layer may use, and that include no layer.
TYPES = "types/"

MOST_LINES = 400
MOST_FILES = 22  # in a folder, without tests and their rigs
OF_PYTHON = "python"  # the layer that alone may see the interpreter
PYTHON_INCLUDE = re.compile(r'^\s*#\s*include\s+[<"](Python\.h|nanobind/[^>"]+)[>"]', re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<wallaroo/([^>]+)>)', re.MULTILINE)
ENDS_PROGRAM = re.compile(r"(?<![\w.>:])(?:std::|::)?(?:_?exit|_Exit|quick_exit|abort|terminate)\s*\(")
DECLARATION = re.compile(r"\bvoid\s+abort\(\)")


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text)


def read_layers(cmake):
    """{layer: every layer it may include, itself among them} of src/CMakeLists.txt and that of the
    extension module."""
    direct = {}
    for layer, deps in re.findall(r"^wallaroo_(?:python_)?layer\((\w+)\s+DEPS\s+([^)]*)\)", cmake, re.MULTILINE):
        direct[layer] = {d.removeprefix("wallaroo_") for d in deps.split() if "wallaroo_" in d}
    closed = {}
    for layer, deps in direct.items():  # a layer names only layers before it
        closed[layer] = {layer}.union(*(closed[d] for d in deps))
    return closed


def includes_of(text):
    """For each header of ours that is included: (public header, None) or (None, internal header)."""
    for internal, public in INCLUDE.findall(text):
        yield (public, None) if public else (None, internal)


def is_for_tests(path):
    return path.endswith((".test.cpp", ".rig.hpp"))


def reach(layers, files, header, seen=()):
    """The layers without which the public header cannot be used: those of the headers that it
    includes, and the one that has its source file."""
    found = set()
    for path in files:
        if path.startswith("src/") and path.endswith(f"/{header.removesuffix('.hpp')}.cpp"):
            found.add(path.split("/")[1])
    for public, internal in includes_of(files[f"include/wallaroo/{header}"]):
        if internal is not None:
            found.add(internal.split("/")[0])
        elif not public.startswith(TYPES) and public not in seen and f"include/wallaroo/{public}" in files:
            found |= reach(layers, files, public, (*seen, header))
    return found


def violations(layers, files):
    """The violations in files, a dict of path ('src/io/x.hpp', 'include/wallaroo/y.hpp') to text."""
    found = []
    for path, text in files.items():
        layer = path.split("/")[1] if path.startswith("src/") else None
        if layer is not None and layer not in layers:
            found.append(f"{path}: src/CMakeLists.txt does not know the layer {layer}")
            continue
        for public, internal in includes_of(text):
            found += check_include(layers, files, path, layer, public, internal)
        if layer != OF_PYTHON:
            found += [f"{path}: includes {header}" for header in PYTHON_INCLUDE.findall(text)]
        if not path.endswith(".test.cpp") and text.count("\n") >= MOST_LINES:
            found.append(f"{path}: {text.count(chr(10))} lines, of which {MOST_LINES} is too many")
        if layer is not None and not path.endswith(".test.cpp"):
            for line in without_comments(text).splitlines():
                if ENDS_PROGRAM.search(line) and not DECLARATION.search(line):
                    found.append(f"{path}: ends the program: {line.strip()}")
    return found + crowded(files)


def crowded(files):
    folders = collections.Counter(p.rpartition("/")[0] for p in files if not is_for_tests(p))
    return [
        f"{folder}: {count} files, of which more than {MOST_FILES} are too many"
        for folder, count in sorted(folders.items())
        if count > MOST_FILES
    ]


def check_include(layers, files, path, layer, public, internal):
    if internal is not None:
        folder = internal.split("/")[0]
        if "/" not in internal or folder not in layers:
            return [f'{path}: includes "{internal}", which is in no layer']
        if path.startswith(f"include/wallaroo/{TYPES}"):
            return [f"{path}: a header that every layer may use includes {internal}"]
        if layer is not None and folder not in layers[layer]:
            return [f"{path}: layer {layer} includes {internal}, but does not depend on {folder}"]
        return []
    if f"include/wallaroo/{public}" not in files:
        return [f"{path}: includes <wallaroo/{public}>, which does not exist"]
    if public.startswith(TYPES):
        return []
    if path.startswith(f"include/wallaroo/{TYPES}"):
        return [f"{path}: a header that every layer may use includes <wallaroo/{public}>"]
    above = reach(layers, files, public) - layers[layer] if layer is not None else set()
    if above:
        return [f"{path}: layer {layer} includes <wallaroo/{public}>, which needs {', '.join(sorted(above))}"]
    return []


def read_cmake():
    """The text that names the layers, each after those that it depends on."""
    src = SOURCE / "src"
    return "".join((src / name).read_text() for name in ("CMakeLists.txt", f"{OF_PYTHON}/CMakeLists.txt"))


def read_files():
    files = {}
    for top in ("src", "include"):
        for path in sorted((SOURCE / top).rglob("*.[ch]pp")):
            files[str(path.relative_to(SOURCE))] = path.read_text()
    return files


class Layers(unittest.TestCase):
    def setUp(self):
        self.layers = read_layers(read_cmake())

    def found(self, path, text):
        return "\n".join(violations(self.layers, {"include/wallaroo/types/error.hpp": "", path: text}))

    def test_the_sources_obey(self):
        files = read_files()
        self.assertGreater(len(files), 100)
        self.assertEqual(violations(self.layers, files), [])

    def test_every_folder_is_a_layer_and_every_layer_a_folder(self):
        folders = {p.name for p in (SOURCE / "src").iterdir() if p.is_dir()}
        self.assertEqual(folders, set(self.layers))

    def test_dependencies_reach_through_other_layers(self):
        self.assertIn("base", self.layers["run"])
        self.assertNotIn("run", self.layers["plan"])
        self.assertEqual(self.layers["base"], {"base"})

    # A check that finds nothing proves nothing, so these tests make each kind of violation once.

    def test_finds_an_include_of_a_layer_above(self):
        self.assertIn("layer io includes run", self.found("src/io/x.cpp", '#include "run/task/task.hpp"\n'))
        self.assertIn("does not depend on sink", self.found("src/source/x.hpp", '#  include "sink/writer.hpp"\n'))
        self.assertEqual(self.found("src/run/x.cpp", '#include "io/socket.hpp"\n'), "")

    def test_finds_the_interpreter_outside_of_its_layer(self):
        for header in ("Python.h", "nanobind/nanobind.h"):
            self.assertIn(f"includes {header}", self.found("src/app/x.cpp", f"#include <{header}>\n"))
            self.assertIn(f"includes {header}", self.found("include/wallaroo/x.hpp", f'#include "{header}"\n'))
            self.assertEqual(self.found("src/python/x.cpp", f"#include <{header}>\n"), "")
        self.assertIn("app", self.layers["python"])

    def test_finds_an_include_of_no_layer(self):
        self.assertIn("in no layer", self.found("src/io/x.cpp", '#include "socket.hpp"\n'))
        self.assertIn("does not know the layer", self.found("src/made_up/x.cpp", ""))

    def test_finds_a_public_header_that_is_above(self):
        stream = {"include/wallaroo/stream.hpp": '#include "plan/builder.hpp"\n'}
        include = "#include <wallaroo/stream.hpp>\n"
        self.assertTrue(violations(self.layers, stream | {"src/step/x.cpp": include}))
        self.assertFalse(violations(self.layers, stream | {"src/run/x.cpp": include}))
        whole = stream | {"include/wallaroo/whole.hpp": include}
        self.assertTrue(violations(self.layers, whole | {"src/step/x.cpp": "#include <wallaroo/whole.hpp>\n"}))

    def test_finds_a_public_header_whose_source_file_is_above(self):
        engine = {"include/wallaroo/engine.hpp": "", "src/app/engine.cpp": ""}
        include = "#include <wallaroo/engine.hpp>\n"
        self.assertTrue(violations(self.layers, engine | {"src/run/x.hpp": include}))
        self.assertFalse(violations(self.layers, engine | {"src/app/x.hpp": include}))

    def test_finds_a_type_that_needs_a_layer(self):
        for include in ('"io/socket.hpp"', "<wallaroo/stream.hpp>"):
            files = {"include/wallaroo/stream.hpp": "", "include/wallaroo/types/error.hpp": f"#include {include}\n"}
            self.assertIn("every layer may use", "\n".join(violations(self.layers, files)))

    def test_finds_a_crowded_folder(self):
        def folder(count):
            return {f"src/io/tcp/x{i}.hpp": "" for i in range(count)} | {"src/io/tcp/x.test.cpp": "", "src/io/tcp/x.rig.hpp": ""}

        self.assertEqual(violations(self.layers, folder(MOST_FILES)), [])
        self.assertIn(f"src/io/tcp: {MOST_FILES + 1} files", "\n".join(violations(self.layers, folder(MOST_FILES + 1))))

    def test_finds_a_public_header_that_does_not_exist(self):
        self.assertIn("does not exist", self.found("src/io/x.cpp", "#include <wallaroo/made_up.hpp>\n"))

    def test_finds_a_file_that_is_too_long(self):
        self.assertIn("too many", self.found("src/io/x.cpp", "\n" * MOST_LINES))
        self.assertEqual(self.found("src/io/x.cpp", "\n" * (MOST_LINES - 1)), "")
        self.assertEqual(self.found("src/io/x.test.cpp", "\n" * MOST_LINES), "")

    def test_finds_what_ends_the_program(self):
        for call in ("std::exit(1);", "  exit(0);", "::abort();", "std::terminate();", "_exit(2);"):
            self.assertIn("ends the program", self.found("src/io/x.cpp", call + "\n"))
        for harmless in ("// exit(1)", "worker.abort();", "executor->abort();", "void abort();"):
            self.assertEqual(self.found("src/io/x.cpp", harmless + "\n"), "")


if __name__ == "__main__":
    unittest.main()
