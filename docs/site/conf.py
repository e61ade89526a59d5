"""The site: Sphinx reads the repository's Markdown as it is; `make docs` builds it.

Pages stay plain Markdown, so that a forge shows them as well. What a site needs beyond that is made
here: the navigation out of docs/index.md, and a front door at the root.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx

project = "g2u"
copyright = "the g2u authors, Apache-2.0"
root_doc = "docs/index"
include_patterns = ["docs/**.md", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md"]
exclude_patterns = [".*", "build", "data", "cells", "docs/site", "docs/private_adapter"]
extensions = ["myst_parser"]
myst_heading_anchors = 4  # links such as house.md#a-family-of-your-own, as forges have them
html_theme = "furo"
html_title = "g2u"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
DOOR = (
    '<!doctype html><meta http-equiv="refresh" content="0; url=docs/index.html"><title>g2u</title>'
)


def navigate(app: Sphinx, name: str, source: list[str]) -> None:
    """Make a part of the navigation of each list of links in docs/index.md."""
    if name != root_doc:
        return
    for part in re.split(r"^## ", source[0], flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        links = re.findall(r"^- \[(.+?)\]\((\S+?\.md)\)", body, flags=re.MULTILINE)
        if links:
            pages = "\n".join(f"{label} <{page}>" for label, page in links)
            source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"


def open_door(app: Sphinx, failed: Exception | None) -> None:
    """Lead from the site's root to its front page."""
    if failed is None:
        (Path(app.outdir) / "index.html").write_text(DOOR, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Register what is done beside Sphinx's own work."""
    app.connect("source-read", navigate)
    app.connect("build-finished", open_door)
