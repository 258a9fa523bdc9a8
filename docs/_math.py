"""Equations become MathML while the site is built, so a page needs no script and no font to show them."""

import html
import re
from typing import Any

from latex2mathml.converter import convert

_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
_WIDE = re.compile(r"\\q?quad\b")
_NAME = re.compile(r'<mi>(ln|log|exp|tanh|max|softmax)</mi>(?!<mo stretchy="false">&#x00028;)')
_BLOCK = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)


def on_page_content(content: str, **_: Any) -> str:
    """Replaces what arithmatex marked as TeX, `$...$` and `$$...$$` in the source."""
    content = _INLINE.sub(lambda found: _mathml(found[1], "inline"), content)
    return _BLOCK.sub(lambda found: f'<div class="equations">{_block(found[1])}</div>', content)


def _block(tex: str) -> str:
    """Equations that a wide space sets apart stand side by side, or below each other on a narrow screen."""
    return "".join(_mathml(part, "block") for part in _WIDE.split(tex))


def _mathml(tex: str, display: str) -> str:
    """As the library converts it, with the space that TeX puts around the name of a function."""
    space = r'<mo lspace="0.17em" rspace="0.17em">\1</mo>'
    return _NAME.sub(space, convert(html.unescape(tex), display=display))
