"""Builds wheels of the Python package and tests them in empty environments, as users install them.

  python3 tests/package/wheels.py ends            the oldest and the newest Python that is there
  python3 tests/package/wheels.py all             all that are there
  python3 tests/package/wheels.py PYTHON...       these interpreters

Interpreters are looked for on PATH and among those of pyenv. With each the golden applications run,
also those that are killed and go on; with the oldest and the newest all tests of the package. Wheels
stay in build/wheels; ./test --wheels is the same.
"""

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WHEELS = ROOT / "build" / "wheels"
OLDEST, STABLE_ABI = (3, 9), (3, 12)
SYSTEM_LIBRARIES = re.compile(r"(linux-vdso|libc|libm|ld-linux[-\w]*|libpthread|libdl|librt)\.so\.\d+")
DEADLINE_S = 120  # only to turn a hang into a failure
GOLDEN = ["test_golden.py", "test_golden_kills.py"]
PACKAGES_OF_TESTS = ["pytest", "hypothesis", "numpy", "mypy<1.20"]


@dataclass(frozen=True)
class Interpreter:
    version: tuple
    path: str

    @property
    def tag(self):
        """The wheel that it needs: one each before there was a stable ABI that is wide enough."""
        if self.version[:2] >= STABLE_ABI:
            return "cp{}{}-abi3".format(*STABLE_ABI)
        return "cp{0}{1}-cp{0}{1}".format(*self.version[:2])

    def __str__(self):
        return "{}.{}.{} ({})".format(*self.version, self.path)


def must(*command, **options):
    done = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        sys.exit(f"wheels: this failed with code {done.returncode}:\n  "
                 f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}")
    return done.stdout


def interpreter(path):
    """The interpreter at this path; None when it is too old, or no CPython with its headers."""
    code = ("import os, sys, sysconfig; print(*sys.version_info[:3], sys.implementation.name, "
            "os.path.exists(sysconfig.get_path('include') + '/Python.h'), "
            "hasattr(sys, 'gettotalrefcount'))")
    done = subprocess.run([path, "-c", code], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        return None
    *version, name, has_headers, is_debug = done.stdout.split()
    found = Interpreter(tuple(map(int, version)), path)
    good = name == "cpython" and has_headers == "True" and is_debug == "False"
    return found if good and found.version[:2] >= OLDEST else None


def all_interpreters():
    """One of each version, in their order."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    paths = sorted(map(str, pyenv.glob("3.*/bin/python3")))
    for name in ["/usr/bin/python3", *(f"python3.{minor}" for minor in range(9, 20))]:
        paths += filter(None, [shutil.which(name)])
    found = {}
    for path in paths:
        one = interpreter(path)
        if one is not None:
            found.setdefault(one.version, one)
    return [found[version] for version in sorted(found)]


def chosen(names):
    if names not in (["all"], ["ends"]):
        found = [interpreter(name) for name in names]
        if None in found:
            sys.exit(f"wheels: {names[found.index(None)]} is no CPython {'.'.join(map(str, OLDEST))} "
                     "or later with its headers")
        return sorted(found, key=lambda one: one.version)
    found = all_interpreters()
    if not found:
        sys.exit("wheels: there is no CPython 3.9 or later with its headers")
    return found if names == ["all"] or len(found) < 3 else [found[0], found[-1]]


def make_environment(one, folder, *packages):
    """A virtual environment, and the path of its interpreter."""
    must(one.path, "-m", "venv", folder)
    python = folder / "bin" / "python"
    if packages:
        must(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    return python


def build(one, folder):
    """Builds the wheel for an interpreter as `pip wheel` does for a user."""
    python = make_environment(one, folder / "build")
    must(python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--wheel-dir", folder, ROOT)
    [wheel] = folder.glob("*.whl")
    if f"-{one.tag}-" not in wheel.name:
        sys.exit(f"wheels: the wheel for {one} is {wheel.name}, and not one for {one.tag}")
    return Path(shutil.copy(wheel, WHEELS))


def check_contents(wheel):
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
    engines = [name for name in names if re.fullmatch(r"wallaroo/_engine\..*so", name)]
    if len(engines) != 1 or "wallaroo/py.typed" not in names:
        sys.exit(f"wheels: {wheel.name} has not one module and py.typed: {names}")
    foreign = [name for name in names if not re.match(r"(wallaroo|wallaroo_stream-[^/]*)/", name)]
    if foreign:
        sys.exit(f"wheels: {wheel.name} puts files beside the package: {foreign}")


def check_libraries(python):
    """The module must need nothing that a machine may lack."""
    module = must(python, "-c", "import wallaroo._engine as e; print(e.__file__)").strip()
    needed = re.findall(r"^\s*(?:\S*/)?(\S+\.so[.\d]*)", must("ldd", module), re.M)
    others = [name for name in needed if not SYSTEM_LIBRARIES.fullmatch(name)]
    if others or not needed:
        sys.exit(f"wheels: {module} needs {others or 'no libraries, says ldd'}")


def eventually(condition, what):
    end = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        if time.monotonic() > end:
            sys.exit(f"wheels: still not so after {DEADLINE_S} s: {what}")
        time.sleep(0.05)
    return value


def check_commands(python, folder):
    """What a new user does: makes a project, tests it, runs it, and looks at its health."""
    commands = python.parent
    must(commands / "machida3", "--help")
    if "all is well" not in must(commands / "wallaroo", "doctor"):
        sys.exit("wheels: `wallaroo doctor` finds fault with an environment that is new")
    must(commands / "wallaroo", "new", "words", cwd=folder)
    must(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder / "words")
    log, out = folder / "log", folder / "out"
    running = subprocess.Popen(
        [commands / "wallaroo", "run", "words.py", "--in", "127.0.0.1:0"], cwd=folder / "words",
        stdout=out.open("w"), stderr=log.open("w"))
    try:
        port = eventually(lambda: re.search(r"source 'lines': reads [\d.]+:(\d+)", log.read_text()),
                          "the log names the address of the source").group(1)
        with socket.create_connection(("127.0.0.1", int(port))) as peer:
            peer.sendall(b"to be or not to be\n")
        eventually(lambda: "be 2\n" in out.read_text(), "the words are counted")
        running.terminate()
        if running.wait(DEADLINE_S) != 0:
            sys.exit(f"wheels: the project ended badly:\n{log.read_text()}")
    finally:
        running.kill()
        running.wait()


def run_tests(python, tests):
    """Runs tests of the package against the installed one; the sources stay out of the way."""
    environment = {**os.environ, "WALLAROO_PACKAGE": "", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    said = must(python, "-m", "pytest", "-q", "-x", "-o", "pythonpath=tests/python",
                *(f"tests/python/{name}" for name in tests), cwd=ROOT, env=environment)
    print("    " + said.strip().splitlines()[-1], flush=True)


def check(one, wheel, all_tests, folder):
    python = make_environment(one, folder / "clean", wheel)
    check_libraries(python)
    must(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
         *(PACKAGES_OF_TESTS if all_tests else PACKAGES_OF_TESTS[:1]))
    check_commands(python, folder)
    run_tests(python, [""] if all_tests else GOLDEN)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pythons", nargs="+", metavar="all|ends|PYTHON")
    interpreters = chosen(parser.parse_args().pythons)
    WHEELS.mkdir(parents=True, exist_ok=True)
    wheels = {}
    for one in interpreters:
        with tempfile.TemporaryDirectory() as folder:
            if one.tag not in wheels:
                print(f"==> Building the wheel {one.tag} with {one}", flush=True)
                wheels[one.tag] = build(one, Path(folder))
                check_contents(wheels[one.tag])
        with tempfile.TemporaryDirectory() as folder:
            print(f"==> Testing {wheels[one.tag].name} with {one}", flush=True)
            check(one, wheels[one.tag], one in (interpreters[0], interpreters[-1]), Path(folder))


if __name__ == "__main__":
    main()
