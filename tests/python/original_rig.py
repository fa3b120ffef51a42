"""What the tests of the original API share."""

import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: The folder of the package that is tested: that of the sources, or another one that is built of
#: them. If it is empty, that of the interpreter.
PACKAGE = os.environ.get("WALLAROO_PACKAGE", str(ROOT / "python"))
#: The environment of child processes: they find the package and the helpers here.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [PACKAGE, str(HERE)])),
               "PYTHONDONTWRITEBYTECODE": "1"}
ENVIRONMENT.pop("PYTHONUNBUFFERED", None)

sys.dont_write_bytecode = True

#: For tests that measure or limit memory, of which sanitizers need a lot.
MEASURES_MEMORY = pytest.mark.skipif("WALLAROO_SANITIZED" in os.environ,
                                     reason="the sanitizer takes memory of its own")
