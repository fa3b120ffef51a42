"""Every C++ file is formatted as .clang-format says. To format one: clang-format-14 -i FILE."""

import os
import pathlib
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(
    os.environ.get("WALLAROO_SOURCE", pathlib.Path(__file__).resolve().parents[2])
)
FOLDERS = ("benchmarks", "clients", "examples", "fuzz", "include", "src", "tests", "tools")
FORMATTER = "clang-format-14"  # another version formats in another way


def complaints(files):
    """What the formatter would change, as its own messages; empty when nothing."""
    command = [FORMATTER, "--dry-run", "--Werror", f"--style=file:{SOURCE / '.clang-format'}", *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True).stderr


class Format(unittest.TestCase):
    def test_is_kept_in_every_file(self):
        files = sorted(f for folder in FOLDERS for f in (SOURCE / folder).rglob("*.[ch]pp"))
        self.assertGreater(len(files), 300)
        self.assertEqual(complaints(files), "")

    def test_is_checked_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "ugly.cpp"
            file.write_text("int   main( ) {return 0;}\n")
            self.assertIn("code should be clang-formatted", complaints([file]))


if __name__ == "__main__":
    unittest.main()
