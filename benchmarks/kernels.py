"""What a compiled program consists of: its kernels, where each comes from, what each moves and does.

XLA prints a compiled program as text. Every instruction outside a fusion is one kernel, a call into
a compiled loop over whole arrays; its metadata leads to the lines of Python it came from. What a
kernel moves is counted from the shapes that it reads and writes, what it does from the arithmetic in
it, one operation for each number (a logarithm counts as one, so counts of operations are too low).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Frame = tuple[str, str]
"""File and function."""

WIDTH = {"f64": 8, "s64": 8, "u64": 8, "f32": 4, "s32": 4, "u32": 4, "pred": 1, "s8": 1, "u8": 1}
MOVES = {
    *("parameter", "constant", "bitcast", "copy", "broadcast", "reshape", "transpose", "tuple"),
    *("get-tuple-element", "slice", "dynamic-slice", "dynamic-update-slice", "concatenate", "pad"),
    *("gather", "iota", "convert", "while", "conditional", "call", "fusion"),
}
"""Instructions that do no arithmetic of their own."""
PART = {"slice", "dynamic-slice", "gather"}
"""Instructions that read a part of what they are given."""
INSTRUCTION = re.compile(r"\s+(?:ROOT )?%([\w.\-]+) = (\(.*?\)|\S+) ([a-z\-]+)\((.*)")
SHAPE = re.compile(r"([a-z]+\d*)\[([\d,]*)\]")


def numbers_in(shape: str) -> int:
    """How many numbers arrays of these shapes hold."""
    return sum(math.prod(int(n) for n in dims.split(",") if n) for _, dims in SHAPE.findall(shape))


def bytes_in(shape: str) -> int:
    """How many bytes arrays of these shapes hold."""
    return sum(
        WIDTH.get(kind, 0) * math.prod(int(n) for n in dims.split(",") if n)
        for kind, dims in SHAPE.findall(shape)
    )


@dataclass
class Instruction:
    """One line of the program."""

    name: str
    shape: str
    does: str
    operands: tuple[str, ...]
    calls: str
    frame: int


@dataclass
class Kernel:
    """One instruction that runs by itself."""

    moved: float
    """bytes read and written each time"""
    operations: float
    """of arithmetic, each time"""
    source: list[Frame]
    """from the outermost call of offtake to the innermost"""


@dataclass
class Compiled:
    """A compiled program as its text tells it."""

    text: str
    computations: dict[str, list[Instruction]] = field(default_factory=dict[str, list[Instruction]])

    def __post_init__(self) -> None:
        current: list[Instruction] = []
        for line in self.text.splitlines():
            head = re.match(r"(?:ENTRY )?%([\w.\-]+) .*\{$", line)
            if head:
                current = self.computations.setdefault(head.group(1), [])
            elif found := INSTRUCTION.match(line):
                current.append(_instruction(*found.groups()))

    def kernels(self) -> dict[str, Kernel]:
        """Kernels by the name under which the profiler reports them."""
        fused = {i.calls for part in self.computations.values() for i in part if i.does == "fusion"}
        frames = _frames(self.text)
        return {
            i.name: Kernel(self._moved(i, shapes), self._operations(i), frames.get(i.frame, []))
            for name, part in self.computations.items()
            if name not in fused
            for shapes in [{one.name: one.shape for one in part}]
            for i in part
        }

    def _operations(self, i: Instruction) -> float:
        if i.does != "fusion":
            return 0.0 if i.does in MOVES else float(numbers_in(i.shape))
        inside = self.computations.get(i.calls, [])
        return float(sum(numbers_in(x.shape) for x in inside if x.does not in MOVES))

    def _moved(self, i: Instruction, shapes: dict[str, str]) -> float:
        sizes = [bytes_in(shapes.get(operand, "")) for operand in i.operands]
        written = bytes_in(i.shape)
        inside = self.computations.get(i.calls, []) if i.does == "fusion" else []
        given = [x for x in inside if x.does == "parameter"]
        for place, parameter in enumerate(_in_order(given)):
            users = [x for x in inside if parameter.name in x.operands]
            changed = [x for x in users if x.does == "dynamic-update-slice"]
            if users and all(x.does in PART for x in users):
                sizes[place] = sum(bytes_in(x.shape) for x in users)
            elif changed and changed[0].operands[0] == parameter.name:  # in place
                written -= sizes[place]
                sizes[place] = 0
                shape = next(x.shape for x in inside if x.name == changed[0].operands[1])
                written += bytes_in(shape)
        return float(sum(sizes) + max(written, 0))


def _instruction(name: str, shape: str, does: str, rest: str) -> Instruction:
    given, _, more = rest.partition(")")
    calls = re.search(r"calls=%([\w.\-]+)", more)
    frame = re.search(r"stack_frame_id=(\d+)", more)
    named = tuple(re.findall(r"%([\w.\-]+)", given))
    operands = (given,) if does == "parameter" else named
    found = int(frame.group(1)) if frame else 0
    return Instruction(name, shape, does, operands, calls.group(1) if calls else "", found)


def _in_order(parameters: list[Instruction]) -> list[Instruction]:
    return sorted(parameters, key=lambda x: int(x.operands[0]))


def _section(text: str, name: str) -> Iterator[tuple[int, str]]:
    found = re.search(rf"^{name}\n(.*?)\n\n", text, re.MULTILINE | re.DOTALL)
    for line in found.group(1).splitlines() if found else []:
        number, rest = line.split(" ", 1)
        yield int(number), rest


def _frames(text: str) -> dict[int, list[Frame]]:
    """Stack frame -> calls within offtake, outermost first."""
    files = {n: rest.strip('"') for n, rest in _section(text, "FileNames")}
    functions = {n: rest.strip('"') for n, rest in _section(text, "FunctionNames")}
    places: dict[int, Frame] = {}
    for n, rest in _section(text, "FileLocations"):
        said = dict(re.findall(r"(\w+)=(\d+)", rest))
        name = functions[int(said["function_name_id"])].rsplit(".", 1)[-1]
        places[n] = (files[int(said["file_name_id"])], name)
    above: dict[int, int] = {}
    at: dict[int, Frame] = {}
    for n, rest in _section(text, "StackFrames"):
        said = dict(re.findall(r"(\w+)=(\d+)", rest))
        at[n] = places[int(said["file_location_id"])]
        above[n] = int(said.get("parent_frame_id", 1)) - 1  # printed one too high; 0 is none
    result: dict[int, list[Frame]] = {}
    for n in at:
        calls: list[Frame] = []
        one = n
        while one in at:
            calls.insert(0, at[one])
            one = above[one]
        result[n] = [(file.split("/offtake/", 1)[1], f) for file, f in calls if "/offtake/" in file]
    return result
