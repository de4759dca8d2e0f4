"""Eight numbers side by side, for compiled loops that the compiler itself does not turn into vectors.

What LLVM calls a vector of eight floats: one register where the processor has such, two or more where not.
Numba leaves vectors to LLVM, which finds them in long loops over plain arrays only; in loops of eight and
of seven, nested, it finds none. Compiled code that uses these is cached by its own file (cleaners.compiled):
who changes this one must change that one.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

#: Numbers of a vector.
EIGHT = 8
_VECTOR = ir.VectorType(ir.FloatType(), EIGHT)
_WHICH = ir.VectorType(ir.IntType(32), EIGHT)
_FLAGS = ("reassoc", "contract")  # so that it adds in any order, and as it multiplies


class Eights(types.Type):
    """The type of eight float32."""

    def __init__(self) -> None:
        """There is one."""
        super().__init__(name="Eights")


@register_model(Eights)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _VECTOR)  # type: ignore[no-untyped-call]  # numba tells no types


_EIGHTS = Eights()


def _inlined(function: Any) -> Any:
    """Let compiled code use a function: what types it takes and gives, and how its instructions are made."""
    return intrinsic(function)


def _place(context: Any, builder: Any, kind: Any, array: Any, at: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), _VECTOR.as_pointer())


@_inlined
def load(_: Any, array: Any, _at: Any) -> Any:
    """load(array, at) -> eights: array[at : at + 8] of a line of float32, which nothing checks."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], *args)
        return builder.load(place, align=4)

    return _EIGHTS(array, types.intp), generate


@_inlined
def store(_: Any, array: Any, _at: Any, eights: Any) -> Any:
    """store(array, at, eights): array[at : at + 8] = eights, which nothing checks."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _place(context, builder, signature.args[0], *args[:2])
        builder.store(args[2], place, align=4)
        return context.get_dummy_value()

    return types.none(array, types.intp, eights), generate


@_inlined
def splat(_: Any, _number: Any) -> Any:
    """splat(number) -> eights: the number eight times."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
        first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], ir.IntType(32)(0))
        return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), ir.Constant(_WHICH, None))

    return _EIGHTS(types.float32), generate


@_inlined
def plus(_: Any, one: Any, other: Any) -> Any:
    """plus(one, other) -> eights: their sums."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.fadd(*args, flags=_FLAGS)

    return _EIGHTS(one, other), generate


@_inlined
def times(_: Any, one: Any, other: Any) -> Any:
    """times(one, other) -> eights: their products."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.fmul(*args, flags=_FLAGS)

    return _EIGHTS(one, other), generate


@_inlined
def total(_: Any, eights: Any) -> Any:
    """total(eights) -> float32: the sum of the eight."""

    def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
        left = args[0]
        for half in (4, 2, 1):
            which = ir.Constant(_WHICH, [at + half if at < half else at for at in range(EIGHT)])
            left = builder.fadd(left, builder.shuffle_vector(left, left, which), flags=_FLAGS)
        return builder.extract_element(left, ir.IntType(32)(0))

    return types.float32(eights), generate
