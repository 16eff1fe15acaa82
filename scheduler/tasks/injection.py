"""Injecting the parameters of constructors, handlers and conditions from a container."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from scheduler.errors import BrokenTask

PLAIN = (str, int, float, bool, bytes, dict, list, tuple, set, type(None))


class Container(Protocol):
    """The part of Masonite's container that injection needs."""

    def resolve(self, target: Callable[..., Any]) -> Any:
        """Call `target` with instances of the classes that its parameters are annotated with."""


def inject(container: Container, target: Callable[..., Any]) -> Any:
    """Call `target` with its annotated parameters taken from `container`; others keep their defaults.

    Annotations may be quoted or postponed (`from __future__ import annotations`). Raises `BrokenTask` for a parameter
    that is neither annotated with a class nor has a default.
    """
    wanted = injectable(target)
    if not wanted:
        return target()

    def call(*values: Any) -> Any:
        return target(**dict(zip(wanted, values, strict=True)))

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    call.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # inspect.signature looks here first
        [inspect.Parameter(name, kind, annotation=annotation) for name, annotation in wanted.items()]
    )
    return container.resolve(call)


def injectable(target: Callable[..., Any]) -> dict[str, type]:
    """Return the parameters of `target` that a container can inject, with their classes.

    Raises `BrokenTask` for a parameter that is neither annotated with a class nor has a default.
    """
    if inspect.isclass(target) and target.__init__ is object.__init__:
        return {}
    code = getattr(target.__init__ if inspect.isclass(target) else target, "__code__", None)
    if (
        code is not None
        and code.co_argcount <= inspect.isclass(target) + inspect.ismethod(target)
        and not code.co_kwonlyargcount
    ):
        return {}
    wanted: dict[str, type] = {}
    hints = _hints(target)
    for name, parameter in _parameters(target).items():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        hint = hints.get(name, parameter.annotation)
        if inspect.isclass(hint) and hint is not parameter.empty and not issubclass(hint, PLAIN):
            wanted[name] = hint
        elif parameter.default is parameter.empty:
            raise BrokenTask(
                f"the parameter {name!r} of {_title(target)} cannot be injected: annotate it with a class that the "
                f"container can make, or give it a default"
            )
    return wanted


def _parameters(target: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(target).parameters
    except ValueError:  # some builtins have no signature
        return {}


def _hints(target: Callable[..., Any]) -> dict[str, Any]:
    function = target.__init__ if inspect.isclass(target) else target
    while isinstance(function, functools.partial):
        function = function.func
    try:
        return typing.get_type_hints(function)
    except NameError as error:
        raise BrokenTask(
            f"{_title(target)} is annotated with {error.name!r}, which its module does not import"
        ) from error
    except TypeError:
        return {}


def _title(target: Callable[..., Any]) -> str:
    target = target.func if isinstance(target, functools.partial) else target
    name = getattr(target, "__qualname__", type(target).__name__)
    return f"{name}.__init__" if inspect.isclass(target) else f"{name}"
