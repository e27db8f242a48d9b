"""Functions compiled to machine code at their first call, for inner loops over many values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile at the first call, releasing the GIL, and keep the machine code on disk where a place can be written.

    The place is ``__pycache__``, the user's cache directory, or ``NUMBA_CACHE_DIR``. Where none of them can be written
    (a read-only installation without a home) each process compiles for itself: slower to start, equal in result.
    """
    return _compile(function)


def summing(function: Function) -> Function:
    """Compile as ``compiled`` does, and let sums of floats be taken in any order: they are of whole numbers, exact."""
    return _compile(function, fastmath={"reassoc"})


def _compile(function: Function, fastmath: bool | set[str] = False) -> Function:
    try:
        return cast(Function, njit(function, nogil=True, error_model="numpy", cache=True, fastmath=fastmath))
    except RuntimeError:
        return cast(Function, njit(function, nogil=True, error_model="numpy", fastmath=fastmath))
