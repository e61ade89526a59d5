"""What the documents say of files, pages, commands and settings is so."""

import re
import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml

from docs.site import reference
from g2u.cli.parser import parser
from g2u.params.params import Params
from g2u.params.sections import AXES, Axis
from g2u.scores.verdict import CAUSES, RULES
from g2u.settings import checked
from tests.conftest import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "bench/README.md")),
    *PAGES,
]
WRITTEN = [page for page in DOCUMENTS if page.parent != reference.PAGES]
"""By people."""
LINK = re.compile(r"\]\(([^)\s]+)\)")
INLINE = re.compile(r"`[^`\n]+`")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
AXIS: dict[str, Axis] = {"adapter": "models", "source": "benchmarks", "edit": "families"}
LEAST = {"models": ["m"], "benchmarks": ["b"], "families": ["direct", "duplicate"]}
OWN = ("source: dots", "edit: clearer", "adapter: own_code")
"""Modules that a reader has yet to write."""
WORDS = 1_100
"""Of the README: what one reads in five minutes."""


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(document: Path) -> list[str]:
    """Links of a document within the repository."""
    text = INLINE.sub("", FENCED.sub("", document.read_text(encoding="utf-8")))
    return [link for link in LINK.findall(text) if "://" not in link]


def anchors(document: Path) -> set[str]:
    """The headings of a document as forges and the site name them in links."""
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    plain = (re.sub(r"[`*]|\\", "", re.sub(LINK, "", head).replace("[", "")) for head in heads)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in plain}


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_within_the_repository_leads_to_a_file_and_a_heading(document: Path) -> None:
    broken = []
    for link in links(document):
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_the_navigation() -> None:
    front = DOCS / "index.md"
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in links(front)}
    assert {named(page) for page in DOCUMENTS} - {named(front)} == {
        named(page) for page in listed if page.suffix == ".md"
    }


def test_the_reference_says_what_the_code_says() -> None:
    """Where this fails: make docs, and commit what it wrote."""
    written = {path.name: path.read_text(encoding="utf-8") for path in reference.PAGES.iterdir()}
    assert written == reference.pages()


def test_every_key_of_params_yaml_says_what_it_means() -> None:
    rows = re.findall(r"^\| (`.+?`) .*\| (.*) \|$", reference.params_page(), flags=re.MULTILINE)
    assert [key for key, meaning in rows if not meaning.strip()] == []


def test_every_verdict_is_explained_in_the_word_of_its_rule() -> None:
    page = (DOCS / "concepts" / "verdicts.md").read_text(encoding="utf-8")
    _, _, rows = page.partition("| verdict |")
    cells = [row.split("|")[1].strip() for row in rows.split("\n\n")[0].splitlines()[2:]]
    told = ", ".join(cells)
    assert [word for word in RULES if word not in told] == []
    assert len(told) == len(", ".join(RULES)), "no other words"
    causes = (DOCS / "concepts" / "causes.md").read_text(encoding="utf-8")
    assert [cause for cause in CAUSES if f"| {cause} |" not in causes] == []


def test_the_readme_is_read_in_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= WORDS


@pytest.mark.parametrize("target", ["repro", "test"])
def test_the_readme_says_for_ci_to_check_how_many_minutes_a_command_takes(target: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(rf"^make {target} .*about \d+ minutes$", text, re.MULTILINE)) == 1


def test_every_command_is_told_by_what_it_is_for() -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    (commands,) = (each.choices for each in parser()._actions if isinstance(each.choices, dict))
    assert [name for name in commands if f"`g2u {name}" not in page] == []


@pytest.mark.parametrize("document", [d for d in WRITTEN if d.name != "CHANGELOG.md"], ids=named)
def test_every_section_and_key_in_a_text_is_one_of_params_yaml(document: Path) -> None:
    known = reference.sections(Params)
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    told = re.findall(rf"`({'|'.join(known)})\.(?!py|yaml)([a-z_]+)`", text)
    assert [pair for pair in told if pair[1] not in known[pair[0]].model_fields] == []


def commands(document: Path) -> list[str]:
    """Lines of blocks of code that call g2u, without prompts, comments and what is set before."""
    text = document.read_text(encoding="utf-8")
    lines = [line for block in FENCED.findall(text) for line in block.splitlines()]
    found = (re.match(r"(?:\$ )?(?:[A-Z_0-9]+=\S+ )*(g2u [a-z].*)", line) for line in lines)
    return [part for match in found if match for part in re.split(r" && ", match[1])]


@pytest.mark.parametrize("document", WRITTEN, ids=named)
def test_every_command_of_a_block_of_code_is_one_that_g2u_takes(document: Path) -> None:
    for line in commands(document):
        if line.startswith("g2u "):
            words = [word for word in shlex.split(line, comments=True) if word not in ("&", "...")]
            try:
                parser().parse_args(words[1:])
            except SystemExit:
                pytest.fail(f"{named(document)}: {line}")


def params_of(block: str) -> Params:
    """What a block of YAML says, where params.yaml has it: whole sections, or presets."""
    raw = yaml.safe_load(block)
    if not raw.keys() <= Params.model_fields.keys():
        axes = {name: next(AXIS[key] for key in AXIS if key in raw[name]) for name in raw}
        raw = {"presets": {axis: {name: raw[name]} for name, axis in axes.items()}}
    return checked(Params, {**LEAST, **raw})


@pytest.mark.parametrize("document", WRITTEN, ids=named)
def test_every_block_of_yaml_is_one_that_params_yaml_may_hold(document: Path) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
        params = params_of(block)
        for axis in AXES:
            for name in getattr(params.presets, axis):
                if not any(own in block for own in OWN):
                    params.settings(axis, name)


@pytest.mark.parametrize("drawing", sorted(DOCS.rglob("*.svg")), ids=named)
def test_a_drawing_says_what_it_shows_and_brings_a_ground_for_dark_pages(drawing: Path) -> None:
    root = ElementTree.parse(drawing).getroot()
    names = {each.tag.rpartition("}")[2] for each in root}
    assert {"title", "style", "rect"} <= names
    assert "prefers-color-scheme: dark" in drawing.read_text(encoding="utf-8")
