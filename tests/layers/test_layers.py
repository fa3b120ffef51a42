"""Includes go one way, files stay small, and the library never ends the program."""

import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(
    os.environ.get("WALLAROO_SOURCE", pathlib.Path(__file__).resolve().parents[2])
)

# Public headers that are words rather than layers: they include no layer, or one at the bottom.
# Any layer may use those without "needs"; the others from the layer named on.
VOCABULARY = {
    "connector_client.hpp": None,
    "connector_options.hpp": None,
    "byte_writer.hpp": None,
    "decoded.hpp": None,
    "error.hpp": None,
    "framing.hpp": None,
    "logging.hpp": None,
    "stage_options.hpp": None,
    "codecs.hpp": None,
    "engine.hpp": None,
    "run.hpp": None,
    "window.hpp": None,
    "timers.hpp": None,
    "key.hpp": None,
    "late_data.hpp": None,
    "event_time.hpp": None,
    "expiry.hpp": None,
    "aggregation.hpp": "window",
    "aggregates.hpp": "window",
    "windows.hpp": "window",
    "emitter.hpp": "record",
    "stored.hpp": "record",
}

MOST_LINES = 400
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<wallaroo/([^>]+)>)', re.MULTILINE)
ENDS_PROGRAM = re.compile(r"(?<![\w.>:])(?:std::|::)?(?:_?exit|_Exit|quick_exit|abort|terminate)\s*\(")
DECLARATION = re.compile(r"\bvoid\s+abort\(\)")


def without_comments(text):
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text)


def read_layers(cmake):
    """{layer: every layer it may include, itself among them} of src/CMakeLists.txt."""
    direct = {}
    for layer, deps in re.findall(r"wallaroo_layer\((\w+)\s+DEPS\s+([^)]*)\)", cmake):
        direct[layer] = {d.removeprefix("wallaroo_") for d in deps.split() if "wallaroo_" in d}
    closed = {}
    for layer, deps in direct.items():  # a layer names only those before it
        closed[layer] = {layer}.union(*(closed[d] for d in deps))
    return closed


def includes_of(text):
    """(folder or None, header) of everything of ours that is included."""
    for internal, public in INCLUDE.findall(text):
        if public:
            yield None, public
        else:
            folder, _, header = internal.rpartition("/")
            yield folder, header


def violations(layers, files):
    """What is wrong in files, a dict of path ('src/io/x.hpp', 'include/wallaroo/y.hpp') to text."""
    found = []
    public = {p.rsplit("/", 1)[1]: t for p, t in files.items() if p.startswith("include/")}
    for path, text in files.items():
        layer = path.split("/")[1] if path.startswith("src/") else None
        if layer is not None and layer not in layers:
            found.append(f"{path}: src/CMakeLists.txt does not know the layer {layer}")
            continue
        is_test = path.endswith(".test.cpp")
        for folder, header in includes_of(text):
            found += check_include(layers, public, path, layer, is_test, folder, header)
        if path.startswith("include/") and path.rsplit("/", 1)[1] in VOCABULARY:
            found += check_vocabulary(layers, path, text)
        if not is_test and text.count("\n") >= MOST_LINES:
            found.append(f"{path}: {text.count(chr(10))} lines, of which {MOST_LINES} is too many")
        if layer is not None and not is_test:
            for line in without_comments(text).splitlines():
                if ENDS_PROGRAM.search(line) and not DECLARATION.search(line):
                    found.append(f"{path}: ends the program: {line.strip()}")
    return found


def check_include(layers, public, path, layer, is_test, folder, header):
    if folder is None:
        if header not in public:
            return [f"{path}: includes <wallaroo/{header}>, which does not exist"]
        if layer is None or header in VOCABULARY:
            needed = VOCABULARY.get(header)
            if layer is not None and needed is not None and needed not in layers[layer]:
                return [f"{path}: <wallaroo/{header}> is for {needed} and the layers above it"]
            return []
        # The pipelines' headers are those of plan, which only it and what is above it may see.
        if "plan" in layers[layer]:
            return []
        return [f"{path}: layer {layer} includes <wallaroo/{header}>, which is above it"]
    if folder not in layers:
        return [f'{path}: includes "{folder}/{header}", which is in no layer']
    if layer is not None and folder not in layers[layer]:
        return [f"{path}: layer {layer} includes {folder}/{header}, but does not depend on {folder}"]
    return []


def check_vocabulary(layers, path, text):
    allowed = VOCABULARY[path.rsplit("/", 1)[1]]
    for folder, header in includes_of(text):
        if folder is None and header not in VOCABULARY:
            yield f"{path}: a header that any layer may use includes <wallaroo/{header}>"
        if folder is not None and (allowed is None or folder not in layers[allowed]):
            yield f"{path}: a header that any layer may use includes {folder}/{header}"


def read_files():
    files = {}
    for top in ("src", "include"):
        for path in sorted((SOURCE / top).rglob("*.[ch]pp")):
            files[str(path.relative_to(SOURCE))] = path.read_text()
    return files


class Layers(unittest.TestCase):
    def setUp(self):
        self.layers = read_layers((SOURCE / "src" / "CMakeLists.txt").read_text())

    def found(self, path, text):
        return "\n".join(violations(self.layers, {"include/wallaroo/error.hpp": "", path: text}))

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

    # A check that finds nothing proves nothing, so each kind of violation is made once.

    def test_finds_an_include_of_a_layer_above(self):
        self.assertIn("layer io includes run", self.found("src/io/x.cpp", '#include "run/task.hpp"\n'))
        self.assertIn("does not depend on sink", self.found("src/source/x.hpp", '#  include "sink/writer.hpp"\n'))
        self.assertEqual(self.found("src/run/x.cpp", '#include "io/socket.hpp"\n'), "")

    def test_finds_an_include_of_no_layer(self):
        self.assertIn("in no layer", self.found("src/io/x.cpp", '#include "socket.hpp"\n'))
        self.assertIn("does not know the layer", self.found("src/made_up/x.cpp", ""))

    def test_finds_a_public_header_that_is_above(self):
        stream = {"include/wallaroo/stream.hpp": '#include "plan/builder.hpp"\n'}
        include = "#include <wallaroo/stream.hpp>\n"
        self.assertTrue(violations(self.layers, stream | {"src/step/x.cpp": include}))
        self.assertFalse(violations(self.layers, stream | {"src/run/x.cpp": include}))

    def test_finds_vocabulary_that_includes_a_layer(self):
        self.assertIn("any layer may use", self.found("include/wallaroo/error.hpp", '#include "io/socket.hpp"\n'))

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
