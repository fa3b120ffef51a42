"""Classes whose objects the tests of values and keys encode."""

import enum
from dataclasses import dataclass, field
from typing import Any, Dict, Generic, List, TypeVar

T = TypeVar("T")


class Side(enum.Enum):
    BUY = 1
    SELL = 2
    PURCHASE = 1


class Level(enum.IntEnum):
    LOW = 1


class Mode(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass
class Order:
    number: int
    user: str
    price: float


@dataclass(frozen=True)
class Frozen:
    left: Any
    right: Any = None


@dataclass
class WithFactory:
    name: str = "none"
    items: List[int] = field(default_factory=list)


class Plain:
    """Attributes are what the test sets."""

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]


class Slotted:
    __slots__ = ("a", "__private", "unset")

    def __init__(self, a: Any, private: Any) -> None:
        self.a = a
        self.__private = private

    def state(self) -> Any:
        return (self.a, self.__private, hasattr(self, "unset"))


class SlottedWithDict(Slotted):
    def __init__(self, a: Any, private: Any, extra: Any) -> None:
        super().__init__(a, private)
        self.extra = extra


class Box(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value


class WithProperty:
    """The attribute in the dict has the name of a property, as some caches do it."""

    def __init__(self, value: int) -> None:
        self.__dict__["value"] = value

    @property
    def value(self) -> int:
        return int(self.__dict__["value"]) + 1000


class Guarded:
    """Refuses attributes that are set from outside."""

    def __init__(self, value: int) -> None:
        object.__setattr__(self, "value", value)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("guarded")


class WithState:
    def __init__(self, value: int) -> None:
        self.value = value

    def __getstate__(self) -> Dict[str, int]:
        return {"saved": self.value}

    def __setstate__(self, state: Dict[str, int]) -> None:
        self.value = state["saved"]


class Reduced:
    def __init__(self, value: int) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return (Reduced, (self.value,))


class Words(List[str]):
    """A list with an attribute."""

    source = ""


class Money:
    """Only for register()."""

    def __init__(self, cents: int) -> None:
        self.cents = cents


class ReduceRaises:
    def __reduce__(self) -> Any:
        raise ZeroDivisionError("reduce")


class GetstateRaises:
    def __getstate__(self) -> Any:
        raise ZeroDivisionError("getstate")


class SetstateRaises:
    def __init__(self) -> None:
        self.value = 1

    def __setstate__(self, state: Any) -> None:
        raise ZeroDivisionError("setstate")


class EqRaises:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        raise ZeroDivisionError("eq")

    def __hash__(self) -> int:
        return 7


class HashRaises:
    def __init__(self) -> None:
        self.value = 1


def a_function() -> None:
    """A function, which pickles name and nobody may call."""
