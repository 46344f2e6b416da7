"""Reads a flat Parquet file with pages compressed by Zstandard: what `derive_shapes.py` needs.

No package of the locks reads Parquet, and one file of eight columns is no reason to add one. The
pages are opened by the program `zstd`, which must be installed. Covered: one level of optional
columns, data pages of version 1, plain values and values by dictionary.

Format: Apache Parquet, https://github.com/apache/parquet-format (thrift compact protocol).
"""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

ZSTD = 6
PLAIN, BY_DICTIONARY = 0, (2, 8)
DATA_PAGE, DICTIONARY_PAGE = 0, 2
NUMBERS = {1: "<i4", 2: "<i8", 4: "<f4", 5: "<f8"}
"""NumPy type by physical type of Parquet; 6 is a string."""

Column = np.ndarray[Any, np.dtype[Any]]


def can_read() -> bool:
    """Whether the program that opens the pages is there."""
    return shutil.which("zstd") is not None


def read_columns(path: Path, wanted: tuple[str, ...]) -> dict[str, Column]:
    """Columns of the file by name, [row]; an absent number is NaN, an absent string is empty.

    Raises:
        ValueError: the file uses something that is not covered.
    """
    data = path.read_bytes()
    length = struct.unpack("<I", data[-8:-4])[0]
    footer = _Thrift(data, len(data) - 8 - length).struct()
    found: dict[str, list[Column]] = {name: [] for name in wanted}
    for group in footer[4]:
        for column in group[1]:
            about = column[3]
            name = about[3][0].decode()
            if name in found:
                found[name].append(_column(data, about))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _column(data: bytes, about: dict[int, Any]) -> Column:
    """One column of one group of rows."""
    if about[4] != ZSTD:
        message = f"column {about[3]}: compression {about[4]} is not covered"
        raise ValueError(message)
    kind, rows, dictionary = about[1], about[5], None
    reader = _Thrift(data, about.get(11, about[9]))
    parts: list[Column] = []
    while sum(map(len, parts)) < rows:
        page = reader.struct()
        body = data[reader.at : reader.at + page[3]]
        reader.at += page[3]
        plain = subprocess.run(["zstd", "-dcq"], input=body, capture_output=True, check=True).stdout
        if page[1] == DICTIONARY_PAGE:
            dictionary = _plain(plain, kind, page[7][1])
        elif page[1] == DATA_PAGE:
            parts.append(_page(plain, kind, page[5], dictionary))
        else:
            message = f"column {about[3]}: page type {page[1]} is not covered"
            raise ValueError(message)
    return np.concatenate(parts)


def _page(body: bytes, kind: int, header: dict[int, Any], dictionary: Column | None) -> Column:
    """Values of one data page, with blanks where they are absent."""
    rows, encoding = header[1], header[2]
    length = struct.unpack("<I", body[:4])[0]
    present = _runs(body[4 : 4 + length], 1, rows).astype(bool)
    body, there = body[4 + length :], int(present.sum())
    if encoding in BY_DICTIONARY and dictionary is not None:
        values = dictionary[_runs(body[1:], body[0], there)]
    elif encoding == PLAIN:
        values = _plain(body, kind, there)
    else:
        message = f"encoding {encoding} is not covered"
        raise ValueError(message)
    if there == rows:
        return values
    blank = "" if values.dtype.kind in "OU" else np.nan
    filled = np.full(rows, blank, dtype=values.dtype)
    filled[present] = values
    return filled


def _plain(body: bytes, kind: int, count: int) -> Column:
    """Values written one after the other."""
    if kind in NUMBERS:
        return np.frombuffer(body, NUMBERS[kind], count)
    strings: list[str] = []
    at = 0
    for _ in range(count):
        length = struct.unpack_from("<I", body, at)[0]
        strings.append(body[at + 4 : at + 4 + length].decode())
        at += 4 + length
    return np.array(strings)


def _runs(body: bytes, bits: int, count: int) -> Column:
    """Whole numbers of a hybrid of runs of one value and of packed bits."""
    reader = _Thrift(body, 0)
    parts: list[Column] = []
    done, width = 0, (bits + 7) // 8
    while done < count:
        head = reader.varint()
        if head & 1:
            packed = np.frombuffer(body, np.uint8, (head >> 1) * bits, reader.at)
            reader.at += len(packed)
            table = np.unpackbits(packed, bitorder="little").reshape(-1, max(bits, 1))
            parts.append(table @ (1 << np.arange(bits)))
        else:
            value = int.from_bytes(body[reader.at : reader.at + width], "little")
            reader.at += width
            parts.append(np.full(head >> 1, value))
        done += len(parts[-1])
    return np.concatenate(parts)[:count].astype(np.int64)


class _Thrift:
    """Reads structures of the thrift compact protocol as {field number: value}."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def whole(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, kind: int) -> Any:
        if kind in {1, 2}:
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind in {4, 5, 6}:
            return self.whole()
        if kind == 7:
            self.at += 8
            return struct.unpack("<d", self.data[self.at - 8 : self.at])[0]
        if kind == 8:
            length = self.varint()
            self.at += length
            return self.data[self.at - length : self.at]
        if kind == 9:
            head = self.byte()
            length, inner = head >> 4, head & 15
            length = self.varint() if length == 15 else length
            return [
                self.byte() == 1 if inner in {1, 2} else self.value(inner) for _ in range(length)
            ]
        return self.struct()

    def struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        field = 0
        while head := self.byte():
            field = field + (head >> 4) if head >> 4 else self.whole()
            fields[field] = self.value(head & 15)
        return fields
