"""Keeps README.md and docs/ true: their C++ compiles, their commands run, their links lead
somewhere, and the flags they name exist.

A comment on the line before a block says what it is:
  <!-- file: PATH -->         the contents of that file of the repository
  <!-- write: PATH -->        a file that the reader makes, for the commands that follow
  <!-- run -->                commands to run, in order, in one empty folder for each document
  <!-- output -->             how the standard output of the commands before begins
  <!-- terminals -->          commands that run at the same time, a line each: a receiver, an example
                              with its own addresses, a sender
  <!-- cpp: declarations -->  C++ at namespace scope, with prelude.hpp included
  <!-- cpp: global -->        the same, but in no namespace, for specialisations of our templates
  <!-- cpp: statements -->    C++ inside of a function that has `app`; sees the declarations before
Pages of docs/python have other blocks, which tests/python/test_docs.py follows.
A C++ block without a comment is a whole program when it includes something, and when it begins
with a dot it continues a stream of WordCount.

Run with: WALLAROO_BUILD=build python3 tests/docs/test_docs.py
"""

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from support.documents import blocks_of  # noqa: E402

BUILD = Path(os.environ.get("WALLAROO_BUILD", ROOT / "build")).resolve()
HERE = Path(__file__).resolve().parent

DEADLINE_S = 60  # only to turn a hang into a failure
# Flags of programs that are not ours.
FOREIGN_FLAGS = {"--build", "--install", "--prefix", "--output-on-failure", "--inplace",
                 "--strict", "--election-timeout"}


def documents():
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")])


def all_blocks():
    return [block for document in documents() for block in blocks_of(document)]


class Cpp(unittest.TestCase):
    """All blocks of a document are compiled as one file: most of the time goes into the headers."""

    def test_it_compiles(self):
        for document in documents():
            blocks = [block for block in blocks_of(document) if block.language == "cpp"]
            if blocks:
                with self.subTest(document=str(document.relative_to(ROOT))):
                    self.compile(self.program_of(blocks))

    def program_of(self, blocks):
        includes = ['#include "prelude.hpp"']
        bodies = []
        for number, block in enumerate(blocks):
            lines = block.text.splitlines()
            includes += [line for line in lines if line.startswith("#include")]
            code = "\n".join("" if line.startswith(("#include", "#pragma")) else line
                             for line in lines)
            kind = self.kind_of(block)
            place = f'#line {block.line} "{block}"\n'
            if kind == "chain":
                code = code.rstrip().removesuffix(";") + ";"
                code = f"void chain_{number}(wallaroo::Application& app) {{ ::counted(app)\n" \
                       f"{place}{code}\n}}"
            elif kind == "statements":
                code = f"void statements_{number}(wallaroo::Application& app) {{\n" \
                       f"{place}{code}\n}}"
            elif kind == "global":
                code = f"}}\n{place}{code}\nnamespace after_{number} {{"
            else:
                code = f"}}\nnamespace block_{number} {{\n{place}{code}"
            bodies.append(code)
        return "\n".join([*includes, "namespace first {", *bodies, "}", ""])

    def kind_of(self, block):
        kind = block.argument("cpp")
        if kind in ("declarations", "global", "statements"):
            return kind
        self.assertEqual(kind, "", f"{block}: unknown comment '{block.note}'")
        if re.search(r"^#include", block.text, re.M):
            return "program"
        self.assertTrue(block.text.startswith("."),
                        f"{block}: is this a fragment? Say so in a comment, see test_docs.py")
        return "chain"

    def compile(self, program):
        done = subprocess.run(
            ["g++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include",
             f"-I{ROOT}/src", f"-I{HERE}", "-x", "c++", "-"],
            input=program, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr[:4000])


class Files(unittest.TestCase):
    def test_quoted_files_are_quoted_as_they_are(self):
        for block in all_blocks():
            if path := block.argument("file"):
                with self.subTest(block=str(block)):
                    self.assertEqual(block.text, (ROOT / path).read_text())


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return "127.0.0.1:%d" % probe.getsockname()[1]


def cache_entry(name):
    found = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return found.group(1) if found else ""


def environment_of(folder):
    """The reader's home is the empty folder, the programs of the build are at hand."""
    return {**os.environ, "HOME": str(folder),
            "PATH": f"{BUILD / 'examples'}:{BUILD / 'tools'}:{os.environ['PATH']}"}


def clone_in(folder):
    """Makes the parts of a clone of the repository that commands need."""
    clone = folder / "wallaroo"
    clone.mkdir()
    (clone / "build").symlink_to(BUILD)
    (clone / "README.md").symlink_to(ROOT / "README.md")
    return clone


class Commands(unittest.TestCase):
    def test_they_run_and_print_what_the_text_says(self):
        for document in documents():
            blocks = blocks_of(document)
            if any(block.note == "run" for block in blocks):
                with self.subTest(document=str(document.relative_to(ROOT))):
                    with tempfile.TemporaryDirectory() as folder:
                        self.follow(blocks, Path(folder))

    def follow(self, blocks, folder):
        clone = clone_in(folder)
        printed = ""
        for block in blocks:
            if path := block.argument("write"):
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text)
            elif block.note == "run":
                # Commands of documents at the root run in the clone, those of the guide beside it.
                place = clone if block.document.parent == ROOT else folder
                printed = self.run_block(block, folder, place)
            elif block.note == "output":
                lines = [line.rstrip() for line in printed.splitlines()]
                wanted = block.text.splitlines()
                self.assertEqual(lines[-len(wanted):] if len(wanted) > 1 else lines[:1], wanted,
                                 str(block))

    def run_block(self, block, home, place):
        environment = environment_of(home)
        # A library that was built with sanitizers needs programs that are.
        if sanitizers := cache_entry("WALLAROO_SANITIZE"):
            environment["CXXFLAGS"] = f"-fsanitize={sanitizers}"
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block.text], cwd=place,
                              env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=300)
        self.assertEqual(done.returncode, 0, f"{block}:\n{done.stdout}{done.stderr}")
        return done.stdout


class Terminals(unittest.TestCase):
    """The addresses are replaced by free ones. The tests of the examples check that the addresses in
    the text are the example's own."""

    def test_what_is_sent_arrives(self):
        for block in all_blocks():
            if block.note == "terminals":
                with self.subTest(block=str(block)), tempfile.TemporaryDirectory() as folder:
                    self.follow(block, Path(folder))

    def follow(self, block, folder):
        source, sink = "127.0.0.1:7010", "127.0.0.1:7002"
        free = {address: free_address()
                for address in {source, sink, *re.findall(r"127\.0\.0\.1:\d+", block.text)}}
        commands = [re.sub(r"127\.0\.0\.1:\d+", lambda found: free[found.group()], line)
                    for line in block.text.splitlines()]
        receive, application, send = commands
        application += f" --in {free[source]} --out {free[sink]}"
        clone = clone_in(folder)
        with self.start(receive, clone) as receiver, self.start(application, clone) as running:
            with self.start(send, clone) as sender:
                self.assertEqual(sender.wait(DEADLINE_S), 0)
            running.terminate()
            self.assertEqual(running.wait(DEADLINE_S), 0)
            received, _ = receiver.communicate(timeout=DEADLINE_S)
            self.assertEqual(receiver.returncode, 0)
        self.assertIn("wallaroo => 1", received.splitlines())

    @contextlib.contextmanager
    def start(self, command, clone):
        # The little that is printed fits into the pipe.
        process = subprocess.Popen(command.split(), cwd=clone, env=environment_of(clone.parent),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def without_blocks(document):
    return re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.M | re.S)


def anchors_of(document):
    anchors = set()
    for heading in re.findall(r"^#+ (.*)$", without_blocks(document), re.M):
        text = re.sub(r"[^\w\- ]", "", heading.lower())
        anchors.add(text.replace(" ", "-"))
    return anchors


class Links(unittest.TestCase):
    def test_they_lead_somewhere(self):
        for document in documents():
            for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(document)):
                if re.match(r"\w+:", target):
                    continue
                with self.subTest(document=str(document.relative_to(ROOT)), link=target):
                    path, _, anchor = target.partition("#")
                    place = (document.parent / path).resolve() if path else document
                    self.assertTrue(place.exists(), "nothing is there")
                    if anchor:
                        self.assertIn(anchor, anchors_of(place))

    def test_every_page_of_the_guide_is_in_its_index(self):
        index = (ROOT / "docs" / "guide" / "index.md").read_text()
        for page in (ROOT / "docs" / "guide").glob("*.md"):
            if page.name != "index.md":
                self.assertIn(f"]({page.name})", index)


class Flags(unittest.TestCase):
    def flags_of(self, *command):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(ROOT / "python")}, cwd=ROOT,
                              timeout=60, check=True)
        return set(re.findall(r"--[a-z][\w-]*", done.stdout)) | {"--help"}

    def application_flags(self):
        return self.flags_of(BUILD / "examples" / "word_count", "--help")

    def test_flags_named_anywhere_exist(self):
        known = FOREIGN_FLAGS | self.application_flags()
        for command in ("send", "receive", "latency"):
            known |= self.flags_of(BUILD / "tools" / "giles", command, "--help")
        for command in ("list", "verify", "show", "prune"):
            known |= self.flags_of(BUILD / "tools" / "wallaroo", "checkpoints", "DIR", command,
                                   "--help")
        known |= self.flags_of(BUILD / "tools" / "wallaroo", "checkpoints", "--help")
        for program in (ROOT / "clients" / "python" / "examples").glob("*_*.py"):
            if "argparse" in program.read_text():
                known |= self.flags_of(sys.executable, "-B", program, "--help")
        for program in ("tail_file", "sink_to_sqlite"):
            known |= self.flags_of(BUILD / "clients" / "cpp" / "examples" / program, "--help")
        for script in ("run", "test", "bench", "scripts/python-environment"):
            known |= self.flags_of(ROOT / script, "--help")
        # Applications in Python have this flag, too; tests/python/test_running_says.py sees it in their help.
        known.add("--no-pickle")
        # Of applications for Wallaroo 0.6: machida3 takes all that begin with --pony.
        known |= self.flags_of(sys.executable, "-B", "-m", "wallaroo.original", "--help")
        known |= {"--ponythreads", "--ponynoblock"}
        for document in documents():
            text = re.sub(r"<!--.*?-->", "", document.read_text(), flags=re.S)
            named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text))
            self.assertEqual(named - known, set(), document.relative_to(ROOT))

    def test_operations_tells_all_flags_of_an_application_and_no_others(self):
        text = (ROOT / "docs" / "guide" / "operations.md").read_text()
        table = text.partition("A configuration file")[0]
        self.assertEqual(set(re.findall(r"--[a-z][\w-]*", table)), self.application_flags())


def strings_of_sources():
    """The texts that the programs may print: adjacent literals are one text, each {...} is a gap."""
    literal = r'"(?:[^"\\\n]|\\.)*"'
    texts = []
    for folder in ("src", "include", "tools"):
        for file in sorted((ROOT / folder).rglob("*.[ch]pp")):
            if ".test." in file.name:
                continue
            for run in re.findall(rf"{literal}(?:\s*{literal})*", file.read_text()):
                pieces = re.findall(literal, run)
                text = "".join(piece[1:-1] for piece in pieces).replace('\\"', '"')
                texts.append(re.sub(r"\{[^{}]*\}", "\0", text))
    return "\n".join(texts)


class Messages(unittest.TestCase):
    def test_those_of_the_checkpoints_page_are_in_the_source(self):
        section = (ROOT / "docs" / "guide" / "checkpoints.md").read_text().partition("## Messages")[2]
        messages = re.findall(r"^\| `([^`]+)` \|", section, re.M)
        self.assertGreater(len(messages), 50)
        sources = strings_of_sources()
        for message in messages:
            for part in re.split(r"\(?\b[A-Z][A-Z_]*\b\)?", message):
                # The part between two values may be a word of either.
                part = part.strip(" '")
                if len(part) > 6:
                    with self.subTest(message=message):
                        self.assertTrue(part in sources, f"nothing prints '{part}'")


if __name__ == "__main__":
    unittest.main(verbosity=2)
