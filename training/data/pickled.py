"""Pickles of verification packages, read without unpickling.

A pickle is a program for a machine with a stack, and Python's own machine calls whatever the
file names. This one knows lists, tuples, text, bytes, numbers, true and false, and the four ways
in which NumPy writes an array of bytes or a boolean; it calls nothing and refuses the rest.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_STEPS = 20_000_000  # the largest package, 14,000 pictures, takes 60,000


class PickleRefusedError(ValueError):
    """A pickle that holds something else; the text says what."""


@dataclass(slots=True)
class Made:
    """Something a pickle asks to be made; here it only stays on record.

    Attributes:
        maker: Module and name of what should make it.
        arguments: What it should be made from.
        state: What should be put into it then; None where nothing.
    """

    maker: str
    arguments: tuple[object, ...]
    state: object = None


@dataclass(frozen=True, slots=True)
class _Maker:
    name: str


_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric")
MAKERS: Final = {
    **{f"{module} _reconstruct": "array" for module in _MODULES},
    **{f"{module} scalar": "scalar" for module in _MODULES},
    **{f"{module} _frombuffer": "buffer" for module in (*_MODULES, "numpy._core.numeric")},
    "numpy ndarray": "array type",
    "numpy dtype": "type",
    "_codecs encode": "encode",
}
_MARK = object()
_CONSTANTS: Final[dict[str, object]] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_VALUES = {
    *("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1", "LONG4"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE"),
}
_OLD_TEXT = {"STRING", "BINSTRING", "SHORT_BINSTRING"}  # bytes, where Python 2 wrote them
_NOTHING = {"PROTO", "FRAME"}


def read_pickle(data: bytes) -> object:
    """What a pickle holds: nested lists and tuples of plain values and `Made`.

    Raises:
        PickleRefusedError: Damaged, cut off, or it holds anything else.
    """
    try:
        return _run(data)
    except PickleRefusedError:
        raise
    except (ValueError, IndexError, KeyError, UnicodeError, TypeError, AttributeError) as error:
        raise PickleRefusedError(f"it is damaged ({error})") from error


def _run(data: bytes) -> object:
    machine = _Machine()
    for steps, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if opcode.name == "STOP":
            return machine.pop()
        if steps > MAX_STEPS:
            raise PickleRefusedError("it is longer than any package")
        machine.step(opcode.name, argument)
    raise PickleRefusedError("it is cut off")


class _Machine:
    def __init__(self) -> None:
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}
        self._steps: dict[str, Callable[[object], None]] = {
            "MARK": lambda _: self._stack.append(_MARK),
            "POP": lambda _: self._drop(),
            "EMPTY_LIST": lambda _: self._stack.append([]),
            "LIST": lambda _: self._stack.append(list(self._since_mark())),
            "APPEND": lambda _: self._extend([self.pop()]),
            "APPENDS": lambda _: self._extend(self._since_mark()),
            "EMPTY_TUPLE": lambda _: self._stack.append(()),
            "TUPLE": lambda _: self._stack.append(tuple(self._since_mark())),
            "TUPLE1": lambda _: self._tuple(1),
            "TUPLE2": lambda _: self._tuple(2),
            "TUPLE3": lambda _: self._tuple(3),
            "MEMOIZE": lambda _: self._keep(len(self._memo)),
            "GLOBAL": self._name,
            "STACK_GLOBAL": lambda _: self._stack_name(),
            "REDUCE": lambda _: self._make(),
            "BUILD": lambda _: self._build(),
            **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), self._keep),
            **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), self._recall),
        }

    def pop(self) -> object:
        if self._stack[-1] is _MARK:
            raise ValueError("a value is missing")
        return self._stack.pop()

    def step(self, name: str, argument: object) -> None:
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _OLD_TEXT:
            assert isinstance(argument, str), "pickletools decodes these as text"
            self._stack.append(argument.encode("latin-1"))
        elif name in self._steps:
            self._steps[name](argument)
        elif name not in _NOTHING:
            raise PickleRefusedError(f"it uses {name}, which no package of pictures needs")

    def _drop(self) -> None:
        self._stack.pop()

    def _since_mark(self) -> list[object]:
        values = []
        while (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def _extend(self, values: list[object]) -> None:
        target = self._stack[-1]
        if not isinstance(target, list):
            raise TypeError("values are put into something that is no list")
        if any(value is target for value in values):
            raise PickleRefusedError("a list holds itself")
        target.extend(values)

    def _tuple(self, length: int) -> None:
        values = [self.pop() for _ in range(length)]
        self._stack.append(tuple(values[::-1]))

    def _keep(self, key: object) -> None:
        assert isinstance(key, int), "pickletools reads these keys as numbers"
        self._memo[key] = self._stack[-1]

    def _recall(self, key: object) -> None:
        assert isinstance(key, int), "pickletools reads these keys as numbers"
        self._stack.append(self._memo[key])

    def _name(self, argument: object) -> None:
        name = str(argument)
        if name not in MAKERS:
            raise PickleRefusedError(f"it wants to run '{name.replace(' ', '.')}'")
        self._stack.append(_Maker(MAKERS[name]))

    def _stack_name(self) -> None:
        name, module = self.pop(), self.pop()
        self._name(f"{module} {name}")

    def _make(self) -> None:
        arguments, maker = self.pop(), self.pop()
        if not isinstance(maker, _Maker) or not isinstance(arguments, tuple):
            raise TypeError("something is called that cannot be")
        self._stack.append(Made(maker.name, arguments))

    def _build(self) -> None:
        state, target = self.pop(), self._stack[-1]
        if not isinstance(target, Made):
            raise TypeError("a state is given to something that has none")
        target.state = state
