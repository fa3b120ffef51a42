"""Pickle for the values that the engine cannot store natively, with limits on what is read back.

Pickled bytes can name any function and have it called. What is read here may only name classes of
modules that the application has imported, and a few functions that pickle itself needs.
"""

import copyreg
import enum
import io
import pickle
import sys
from typing import Any, Callable, Dict, FrozenSet, Mapping, Optional, Tuple

#: For each registered class the functions that replace its objects and make them again.
Functions = Mapping[type, Tuple[Callable[[Any], Any], Callable[[Any], Any]]]

_PROTOCOL = 5

#: Functions that are no classes, but that pickles of ordinary objects call.
_HELPERS: FrozenSet[Tuple[str, str]] = frozenset(
    {
        ("copyreg", "_reconstructor"),
        ("copyreg", "__newobj__"),
        ("copyreg", "__newobj_ex__"),
        ("re", "_compile"),
        ("zoneinfo", "ZoneInfo._unpickle"),
        *(
            (f"numpy.{core}.{module}", name)
            for core in ("core", "_core")
            for module, names in (
                ("multiarray", ("_reconstruct", "scalar")),
                ("numeric", ("_frombuffer",)),
            )
            for name in names
        ),
    }
)

#: Modules whose classes run programs or code when they are called.
_REFUSED_MODULES = frozenset(
    "asyncio bdb code codeop concurrent ctypes _ctypes importlib multiprocessing pdb pty runpy "
    "socket socketserver subprocess threading types webbrowser".split()
)


class UnsafePickleError(pickle.UnpicklingError):
    """Pickled bytes name something that this application does not let them use."""


def dumps(value: Any, functions: Functions) -> bytes:
    """Pickles ``value``. Objects of the classes in ``functions`` are replaced by theirs."""
    if not functions:
        return pickle.dumps(value, _PROTOCOL)
    table: Dict[type, Callable[[Any], Any]] = dict(copyreg.dispatch_table)
    for cls, (encode, _) in functions.items():
        table[cls] = _reducer(cls, encode)
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, _PROTOCOL)
    pickler.dispatch_table = table
    pickler.dump(value)
    return buffer.getvalue()


def _reducer(cls: type, encode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: (restore_registered, (cls, encode(value)))


def restore_registered(cls: type, replaced: Any) -> Any:
    """Stands in pickles for the ``decode`` of a registered class; the unpickler replaces it."""
    raise UnsafePickleError(f"{cls} was not read by wallaroo")


def loads(
    data: bytes,
    allowed: Optional[FrozenSet[str]],
    renamed: Mapping[str, type],
    functions: Functions,
) -> Any:
    """Reads a pickled value.

    ``allowed`` has the names of the modules whose classes may be used, or is None for all that
    are imported now. ``renamed`` has classes by names that they had before. Raises
    `UnsafePickleError` for anything else that the bytes name.
    """
    return _Unpickler(data, allowed, renamed, functions).load()


class _Unpickler(pickle.Unpickler):
    def __init__(
        self,
        data: bytes,
        allowed: Optional[FrozenSet[str]],
        renamed: Mapping[str, type],
        functions: Functions,
    ) -> None:
        super().__init__(io.BytesIO(data))
        self._allowed = allowed
        self._renamed = renamed
        self._functions = functions

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (__name__, restore_registered.__name__):
            return self._restore
        if (module, name) == ("builtins", "getattr"):
            return _attribute
        renamed = self._renamed.get(f"{module}.{name}")
        if renamed is not None:
            return renamed
        if (module, name) in _HELPERS:
            return super().find_class(module, name)
        return self._find_allowed(module, name)

    def _find_allowed(self, module: str, name: str) -> type:
        present = sys.modules if self._allowed is None else self._allowed
        if module not in sys.modules or (module not in present and module != "__main__"):
            raise UnsafePickleError(
                f"a pickled value names {module}.{name}, but the application had not imported "
                f"{module} when it started; import it at the top of the application, or say where "
                f'the class is now: wallaroo.register(NewClass, name="{module}.{name}")'
            )
        if module.partition(".")[0] in _REFUSED_MODULES:
            raise UnsafePickleError(f"a pickled value names {module}.{name}, which is not allowed")
        found: Any = sys.modules[module]
        for part in name.split("."):
            found = getattr(found, part, None)
        if not isinstance(found, type):
            raise UnsafePickleError(
                f"a pickled value names {module}.{name}, which is not a class of that module; if "
                "it is a class that has moved, say where it is now: "
                f'wallaroo.register(NewClass, name="{module}.{name}")'
            )
        if found.__module__.partition(".")[0] in _REFUSED_MODULES:
            raise UnsafePickleError(f"a pickled value names {module}.{name}, which is not allowed")
        return found

    def _restore(self, cls: type, replaced: Any) -> Any:
        if cls not in self._functions:
            raise pickle.UnpicklingError(
                f"a stored value of {cls.__qualname__} was made by a function that was registered "
                "for the class, but none is registered now"
            )
        return self._functions[cls][1](replaced)


def _attribute(cls: Any, name: str) -> Any:
    """Stands in for getattr, by which pickle reaches members of enums and zones."""
    if isinstance(cls, type):
        if issubclass(cls, enum.Enum) and name in cls.__members__:
            return cls[name]
        if (cls.__module__, cls.__qualname__, name) == ("zoneinfo", "ZoneInfo", "_unpickle"):
            return getattr(cls, name)
    raise UnsafePickleError(f"a pickled value gets {name} of {cls!r}, which is not allowed")
