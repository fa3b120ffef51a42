"""The pages as files: how they are packed, and what must not be in them."""

import importlib.util
import os
import re
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("WALLAROO_SOURCE", Path(__file__).resolve().parents[2]))
PAGES = SOURCE / "webui"
MOST_LINES = 400
# Ways by which texts from outside could become markup or code.
DANGEROUS = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment"
    r"|eval\(|new Function|srcdoc|DOMParser)"
)
OTHER_HOST = re.compile(r"(?:https?:)?//[\w.-]+\.\w+")
NAMESPACE = "http://www.w3.org/2000/svg"


def packer():
    spec = importlib.util.spec_from_file_location("ui_assets", SOURCE / "cmake/ui_assets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def complaints(name, text):
    """What is wrong with a file of the pages."""
    found = [f"{name}: {match[0]}" for match in DANGEROUS.finditer(text)]
    found += [f"{name}: names {host}" for host in OTHER_HOST.findall(text.replace(NAMESPACE, ""))]
    if text.count("\n") > MOST_LINES:
        found.append(f"{name}: {text.count(chr(10))} lines")
    if name.endswith(".html"):
        found += [
            f"{name}: has a {part} of its own"
            for part in re.findall(r"<style|\sstyle=|\son\w+=", text)
        ]
        found += [
            f"{name}: has a script of its own" for part in re.findall(r"<script(?![^>]*src=)", text)
        ]
    return found


class Assets(unittest.TestCase):
    def files(self):
        return {
            path.relative_to(PAGES).as_posix(): path.read_text()
            for path in PAGES.rglob("*")
            if path.is_file()
        }

    def test_pages_hold_nothing_dangerous(self):
        files = self.files()
        self.assertGreater(len(files), 40)
        self.assertEqual([each for item in files.items() for each in complaints(*item)], [])

    def test_what_is_dangerous_is_found(self):
        for name, text in (
            ("x.js", "element.innerHTML = name"),
            ("x.js", "fetch('https://example.com/x')"),
            ("x.js", "eval('1')"),
            ("x.html", "<script>alert(1)</script>"),
            ("x.html", '<p style="color: red">'),
            ("x.css", "\n" * 401),
        ):
            self.assertEqual(len(complaints(name, text)), 1, text)

    def test_what_is_imported_exists(self):
        files = self.files()
        for name, text in files.items():
            for target in re.findall(r'(?:from|import) "(\.[^"]+)"', text):
                path = os.path.normpath(os.path.join(os.path.dirname(name), target))
                self.assertIn(path, files, f"{name} imports {target}")
        for target in re.findall(r'(?:href|src)="ui/([^"]+)"', files["index.html"]):
            if not target.startswith("dygraph."):
                self.assertIn(target, files)

    def pack(self, folder):
        pages, library = Path(folder) / "pages", Path(folder) / "library"
        for file, text in (
            (pages / "index.html", "<p>" + "x" * 500),
            (pages / "a/b.js", 'say("?\\n\u00e9 \u2026")'),
            (library / "dygraph.min.js", "0"),
            (library / "dygraph.min.css", ""),
        ):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        module = packer()
        return module.render(module.find_assets(pages, library))

    def test_packing_is_the_same_at_any_time_and_place(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            text = self.pack(one)
            os.utime(Path(one) / "pages/index.html", (0, 0))
            self.assertEqual(text, self.pack(other))
            self.assertNotIn(one, text)

    def test_every_file_is_packed_with_its_path_and_type(self):
        with tempfile.TemporaryDirectory() as folder:
            text = self.pack(folder)
        paths = re.findall(r'UiAsset\{"([^"]+)"sv', text)
        self.assertEqual(paths, ["/", "/ui/a/b.js", "/ui/dygraph.css", "/ui/dygraph.js"])
        self.assertIn('"text/javascript; charset=utf-8"sv', text)
        self.assertIn(r'"say(\042\077\134n\303\251 \342\200\246\042)"sv', text)


if __name__ == "__main__":
    unittest.main()
