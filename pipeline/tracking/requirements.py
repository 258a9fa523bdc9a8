"""What a logged model needs, in the exact versions that are installed: what its code imports, and what that needs."""

import functools
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_NUMBERS = ("numba", "numpy", "pandas", "pyarrow", "safetensors", "scikit-learn", "scipy", "torch")
IMPORTED = ("mlflow", "pydantic", "regex", "rich", "ruamel.yaml", *_NUMBERS)


@functools.cache
def requirements() -> list[str]:
    """A line for each library that the code of the model imports."""
    return [_exact(name) for name in IMPORTED]


@functools.cache
def constraints() -> str:
    """A line for each library that those need, or what they need: as constraints they install nothing by themselves."""
    found, waiting = dict[str, str](), list(IMPORTED)
    seen = set(waiting)
    while waiting:
        library = Requirement(waiting.pop())
        with suppress(PackageNotFoundError):  # it was left out by hand, and is not missed here
            found[canonicalize_name(library.name)] = _exact(library.name)
            for line in set(requires(library.name) or ()) - seen:
                marker = Requirement(line).marker
                if marker is None or any(marker.evaluate({"extra": extra}) for extra in library.extras | {""}):
                    waiting.append(line)
                    seen.add(line)
    return "".join(f"{line}\n" for _, line in sorted(found.items()))


def _exact(name: str) -> str:
    return f"{name}=={version(name).partition('+')[0]}"
