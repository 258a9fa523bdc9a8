"""A device that is not the CPU, for machines that have no other: its tensors are the CPU's, under another name.

Every operation computes what the CPU does, and fails as on a GPU where its arguments stand on two devices, or where
code reads memory that is elsewhere. It goes by the name of "meta", a device that every torch knows of.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

ELSEWHERE = torch.device("meta")
aten = torch.ops.aten
CARRIES = {aten._to_copy.default, aten.copy_.default}  # from one device to another


class There(Tensor):
    """A tensor on the device: `held` has its numbers."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "There":
        made: There = Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=ELSEWHERE,
        )
        made.held = held
        return made

    __torch_function__ = torch._C._disabled_torch_function_impl

    def tolist(self) -> Any:
        """Its numbers, as `cpu` would bring them: torch does not do that for subclasses."""
        return self.held.tolist()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(func, args, kwargs or {})


class Elsewhere(TorchDispatchMode):
    """While it lasts the device is there, so that tensors can be made on it and brought to it."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return compute(func, args, kwargs or {})


def compute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """The operation on what the tensors hold; its results are where its arguments are, or where it is told."""
    tensors = [one for one in tree_flatten((args, kwargs))[0] if isinstance(one, Tensor)]
    there = any(isinstance(one, There) for one in tensors)
    if there and func not in CARRIES:
        mixed = [one for one in tensors if not isinstance(one, There) and one.dim() > 0]
        assert not mixed, f"{func}: arguments on two devices"
    if func is aten.copy_.default:
        there = isinstance(args[0], There)
    if (device := kwargs.get("device")) is not None:
        there = torch.device(device) == ELSEWHERE
        kwargs = {**kwargs, "device": torch.device("cpu")}
    held_args, held_kwargs = tree_map(_held, (args, kwargs))
    result = func(*held_args, **held_kwargs)
    if there and torch.Tag.inplace_view in func.tags:  # the name changes its shape with what it names
        with torch._C._DisableTorchDispatch():
            func(*args, **kwargs)
    return tree_map(lambda one: _placed(one, tensors), result) if there else result


def _held(value: Any) -> Any:
    return value.held if isinstance(value, There) else value


def _placed(value: Any, given: Iterable[Tensor]) -> Any:
    """The result on the device: what the operation changed in place is the argument itself."""
    if not isinstance(value, Tensor):
        return value
    return next((one for one in given if _held(one) is value), There(value))
