"""Runs the declarations of docs/guide/recipes.md: recipes_check.cpp has the expected results.

Run with: WALLAROO_BUILD=build python3 -m unittest docs/test_recipes.py   (in tests/)
"""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("WALLAROO_BUILD", ROOT / "build")).resolve()
HERE = Path(__file__).resolve().parent
LIBRARIES = ["-lboost_json", "-lspdlog", "-lfmt", "-llz4", "-lpthread"]


def declarations():
    """The declarations of each section, in a namespace of its name; includes come first."""
    includes, bodies, section = [], [], ""
    document = (ROOT / "docs" / "guide" / "recipes.md").read_text()
    pattern = r"^## (?P<name>[^\n]*)$|^<!-- cpp: declarations -->\n```cpp\n(?P<code>.*?)^```$"
    for found in re.finditer(pattern, document, re.M | re.S):
        if found["name"]:
            section = found["name"].lower().replace(" ", "_")
            continue
        lines = found["code"].splitlines()
        includes += [line for line in lines if line.startswith("#include")]
        code = "\n".join(line for line in lines if not line.startswith("#include"))
        bodies.append(f"namespace {section} {{\n{code}\n}}  // namespace {section}")
    return "\n".join([*includes, *bodies, ""])


class Recipes(unittest.TestCase):
    def test_they_do_what_the_text_says(self):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "recipes.inc").write_text(declarations())
            program = Path(folder) / "recipes"
            built = subprocess.run(
                ["g++", "-std=c++20", "-O0", "-Wall", "-Wextra", "-Wno-unused-function", f"-I{folder}",
                 f"-I{ROOT}/include", f"-I{ROOT}/src", f"-I{BUILD}/generated", f"-I{HERE}",
                 HERE / "recipes_check.cpp", "-o", program, BUILD / "libwallaroo.a", *LIBRARIES],
                capture_output=True, text=True)
            self.assertEqual(built.returncode, 0, built.stderr[:4000])
            done = subprocess.run([program], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (0, "0 failures\n"), done.stderr)


if __name__ == "__main__":
    unittest.main()
