"""The extension module, or a reason to skip the tests that need it."""

import importlib
from typing import Any

import pytest

try:
    engine: Any = importlib.import_module("wallaroo._engine")
except ImportError:
    pytest.skip("the extension module is not built", allow_module_level=True)
