"""Tiles of a matrix product, whose sums stay in the processor's vector registers until they are complete.

The compiler vectorises a loop, but not a tile of rows and columns, so a tile's instructions are generated here one by
one. Nothing is masked or checked: a matrix is at least as large as the tile, and a last tile overlaps the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

ROWS = 4  # of a tile
FLAGS = ("reassoc", "contract", "nsz")
INDEX = ir.IntType(64)


def vector_bytes() -> int:
    """How many bytes a vector register holds; for an unknown processor, the number that most have."""
    try:
        return 64 if llvm.get_host_cpu_features().get("avx512f") else 32
    except RuntimeError:
        return 32


BYTES = vector_bytes()


def index(number: int) -> ir.Constant:
    return ir.Constant(INDEX, number)


class Matrix:
    """A matrix argument of a kernel, with instructions that read and write its numbers and vectors."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self.builder = builder
        self.bytes = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        self.strides = cgutils.unpack_tuple(builder, array.strides)
        self.real = context.get_data_type(kind.dtype)
        self.size = context.get_abi_sizeof(self.real)
        self.lanes = BYTES // self.size
        self.vector = ir.VectorType(self.real, self.lanes)

    def at(self, i: Any, j: Any, kind: Any) -> Any:
        """The address of the number in row i and column j, or of the vector that begins there."""
        i, j = (self.builder.mul(at, stride) for at, stride in zip((i, j), self.strides, strict=True))
        place = self.builder.gep(self.bytes, [self.builder.add(i, j)])
        return self.builder.bitcast(place, kind.as_pointer())

    def read(self, i: Any, j: Any, kind: Any) -> Any:
        return self.builder.load(self.at(i, j, kind), align=self.size)

    def write(self, value: Any, i: Any, j: Any) -> None:
        self.builder.store(value, self.at(i, j, value.type), align=self.size)


def spread(builder: Any, number: Any, lanes: int) -> Any:
    """A vector with the number in every lane."""
    undefined = ir.Constant(ir.VectorType(number.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))


class Sums:
    """The sums of a tile: a vector for each (row, column), zero at first."""

    def __init__(self, builder: Any, vector: Any, columns: int) -> None:
        self.builder, self.vector, self.columns = builder, vector, columns
        self.zero = ir.Constant(vector, [0.0] * vector.count)
        self.places = {(r, c): cgutils.alloca_once(builder, vector) for r in range(ROWS) for c in range(columns)}
        for place in self.places.values():
            builder.store(self.zero, place)

    def add(self, r: int, a: Any, b: list[Any]) -> None:
        """Add a b[c] to the vector in row r of every column c."""
        for c in range(self.columns):
            product = self.builder.fmul(a, b[c], flags=FLAGS)
            before = self.builder.load(self.places[r, c])
            self.builder.store(self.builder.fadd(before, product, flags=FLAGS), self.places[r, c])

    def each(self) -> Any:
        return (((r, c), self.builder.load(place)) for (r, c), place in self.places.items())


def tile_of(make: Callable[..., None]) -> Any:
    """A function (A, B, C, i, j, begin, end) for kernels, whose instructions ``make`` generates."""

    @intrinsic
    def tile(typing, A, B, C, i, j, begin, end):
        def generate(context, builder, signature, arguments):
            matrices = [Matrix(context, builder, *each) for each in zip((A, B, C), arguments[:3], strict=True)]
            rows = [builder.add(arguments[3], index(r)) for r in range(ROWS)]
            make(builder, *matrices, rows, *arguments[4:])
            return context.get_dummy_value()

        return types.void(A, B, C, i, j, begin, end), generate

    return tile


def product_tile(width: int) -> Any:
    """A function for C = A B in ROWS rows from i and ``width`` vectors from column j, summed over begin <= k < end.

    for k: for r < ROWS: for c < width: S[r, c] += A[i + r, k] * B[k, j + c lanes : j + (c + 1) lanes]

    The rows of B and C are contiguous.
    """

    def make(builder: Any, A: Matrix, B: Matrix, C: Matrix, rows: list[Any], j: Any, begin: Any, end: Any) -> None:
        sums = Sums(builder, C.vector, width)
        columns = [builder.add(j, index(c * C.lanes)) for c in range(width)]
        with cgutils.for_range_slice(builder, begin, end, index(1), INDEX) as (k, _):
            b = [B.read(k, column, B.vector) for column in columns]
            for r, row in enumerate(rows):
                sums.add(r, spread(builder, A.read(row, k, A.real), A.lanes), b)
        for (r, c), total in sums.each():
            C.write(total, rows[r], columns[c])

    return tile_of(make)
