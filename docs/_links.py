"""Links out of docs/ work in the site as they do on a Git host: source code as pages, figures beside them.

A page of docs/ says `[queries.py](../../pipeline/models/queries.py)` or shows `![](../../results/imdb/entropy.png)`.
The site gets a copy of each figure, and a page with the text of each file, and the link points there.
"""

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

_TARGET = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)\s#]+)")
_IMAGES = {".png", ".svg"}
_LANGUAGES = {".py": "python", ".yaml": "yaml", ".json": "json", ".toml": "toml", ".js": "js", ".css": "css"}
_LARGEST = 100_000  # characters of a file that are shown


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Adds what pages link to outside docs/."""
    root = Path(config.config_file_path).parent
    for file in list(files.documentation_pages()):
        for target in _TARGET.findall(file.content_string):
            path = _outside(file, target, root, Path(config.docs_dir))
            if path and (uri := _uri(path, root)) not in files.src_uris:
                if path.suffix in _IMAGES:
                    files.append(File.generated(config, uri, abs_src_path=str(path)))
                else:
                    files.append(File.generated(config, uri, content=_page(path, root)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """Points the links there."""
    if page.file.generated_by:
        return markdown
    root, docs = Path(config.config_file_path).parent, Path(config.docs_dir)

    def inside(match: re.Match[str]) -> str:
        path = _outside(page.file, match[1], root, docs)
        return os.path.relpath(_uri(path, root), Path(page.file.src_uri).parent) if path else match[1]

    return _TARGET.sub(inside, markdown)


def _outside(file: File, target: str, root: Path, docs: Path) -> Path | None:
    """The file or folder of the project that a link of a page leads to, unless it is one of docs/ or none at all."""
    path = (docs / file.src_uri).parent.joinpath(target).resolve()
    return path if path.exists() and path.is_relative_to(root) and not path.is_relative_to(docs) else None


def _uri(path: Path, root: Path) -> str:
    relative = path.relative_to(root).as_posix()
    return relative if path.suffix in _IMAGES else f"source/{relative}.md"


def _page(path: Path, root: Path) -> str:
    """A file as a block of code, a folder as the list of its files."""
    title = f"# {path.relative_to(root).as_posix()}\n\n"
    if path.is_dir():
        return title + "\n".join(f"- `{one.name}`" for one in sorted(path.iterdir()) if one.name[0] not in "._")
    text = path.read_text(encoding="utf-8")[:_LARGEST]
    return f"{title}``````{{.{_LANGUAGES.get(path.suffix, 'text')} linenums=1}}\n{text}\n``````\n"
