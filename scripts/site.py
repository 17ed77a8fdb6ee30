"""Hooks of mkdocs: pages of the repository's root belong to the site, and links out of it are shown as text."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
OF_THE_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "CHANGELOG.md": "CHANGELOG.md"} | {
    "SECURITY.md": "SECURITY.md"
}
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]*)(#[^)]*)?\)")


def _led(source: str, text: str) -> str:
    """The page's text with links to where their targets are in the site. `source` is its path in the repository."""

    def link(found: re.Match[str]) -> str:
        shown, target, anchor = found[1], found[2], found[3] or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target)) if target else source
        inside = OF_THE_ROOT.get(path) or (
            path.removeprefix("docs/") if path.endswith((".md", ".svg")) and path[:5] == "docs/" else ""
        )
        if not inside:
            # Not part of the site: a file or a folder, which has to exist nevertheless.
            return f"{shown} (`{path}`)" if (ROOT / path).exists() else found[0]
        here = OF_THE_ROOT.get(source) or source.removeprefix("docs/")
        return f"[{shown}]({posixpath.relpath(inside, posixpath.dirname(here) or '.')}{anchor})"

    return LINK.sub(link, text)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages of the root."""
    for source, name in OF_THE_ROOT.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, **_more: Any) -> str:
    """Leads the links of each page."""
    name = page.file.src_uri
    origin = next((source for source, inside in OF_THE_ROOT.items() if inside == name), f"docs/{name}")
    return _led(origin, markdown)
