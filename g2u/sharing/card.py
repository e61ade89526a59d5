"""The card of a dataset of thoughts (README.md with YAML front matter) and its Croissant metadata.

Front matter: the Hub's dataset card, with one configuration per cell, so that
`datasets.load_dataset(folder, config)` finds its shards. Croissant: version 1.1, mlcommons.org.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from g2u.files import write_whole
from g2u.premises import MEANS, WORDS
from g2u.sharing.licences import traces_of
from g2u.sharing.manifest import SharedCell, SharedGold, digest_of

NAME, CROISSANT = "README.md", "croissant.json"
FIELDS = {
    "thought": "name of the model call that drew it, or digest of its pixels",
    "digest": "sha256 over size and RGB pixels of the thought",
    "image": "the thought, an encoded picture",
    "width": "pixels",
    "height": "pixels",
    "source": "digest of the original's pixels",
    "given": "digests of the pictures that the call was given, in order; empty = text alone",
    "benchmark": "preset of the benchmark",
    "family": "preset of the edit family",
    "model": "preset of the model that drew",
    "identity": "what that model was: weights, revision, preprocessing, settings",
    "prompt": "what it was told",
    "writer": "who wrote the prompt: fixed, template, benchmark, a model",
    "base": "what the prompt was rewritten from",
    "style": "how the prompt is worded",
    "sampler": "sampler settings, JSON",
    "seed": "of the call",
    "draw": "which of several draws",
    "round": "which of several rounds",
    "trace": "what the model said before it, and what after; empty = nothing",
    "place": "which of the pictures of one reply, from 0; empty = the reply had one",
    "seen": "what the model was shown, where told: width and height of each picture, tokens",
    "original": "the picture that was edited, where its licence is known",
    "uses": "where it is shown: question (its id), position (of the picture in the question), "
    "choice, text, choices, format of the answer, asked (all of it as a model is asked), "
    "is_placed (whether <image N> in that is where picture N stands; else pictures come first), "
    "pictures (digests of all its pictures, in order), originals (these pictures, where it has "
    "several; else it is original), replies (arm, status and response of the "
    "model that drew, or of its reader; arm none is direct: no thought shown)",
}
GOLD_FIELDS = {
    "id": "of the question",
    "text": "what is asked",
    "answer": "the gold answer: of a choice its letter",
    "scorer": "the answer's type, which says how a reply is compared with it",
    "accepted": "all accepted answers, each as often as people gave it; empty = answer alone",
}
INTEGERS = ("width", "height", "seed", "draw", "round", "place")
PICTURES = ("image", "original")
LISTS = ("trace", "accepted")
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that Croissant 1.0 prescribes (docs.mlcommons.org/croissant, croissant-spec)."""
LICENCE = "other"
"""Of the whole: each configuration's is in the table."""


def write_card(folder: Path, cells: Sequence[SharedCell], gold: Sequence[SharedGold]) -> None:
    """Write README.md and croissant.json beside the shards."""
    write_whole(folder / NAME, _card(cells, gold))
    write_whole(folder / CROISSANT, json.dumps(_croissant(folder, cells, gold), indent=1) + "\n")


def _card(cells: Sequence[SharedCell], gold: Sequence[SharedGold]) -> str:
    parts: list[SharedCell | SharedGold] = [*cells, *gold]
    places = [(part.config, part.folder) for part in parts]
    lines = [
        "---",
        front(places, sum(cell.thoughts for cell in cells), "croissant"),
        "---",
        "# Visual thoughts",
        "",
        "Pictures that models drew of benchmarks' pictures before answering about them, by g2u.",
        "One configuration per benchmark, model and edit family; one row per distinct thought.",
        "",
        "| configuration | thoughts | shown | model | checked | prompt | benchmark's licence "
        "| originals |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for cell in cells:
        prompt = str(cell.family_preset.get("prompt") or cell.family_preset.get("template") or "")
        lines.append(
            f"| {cell.config} | {cell.thoughts} | {cell.uses} times "
            f"| {thought_by(cell.model, cell.model_preset)} | {_checked(cell)} "
            f"| {prompt.replace('|', '/')} "
            f"| {cell.licence or 'not known'} | {'with' if cell.has_originals else 'by digest'} |"
        )
    lines += [
        "",
        "Originals belong to their benchmarks and stand under their licences; where that is not",
        "known, rows name them by the digest of their pixels (`source`): sha256 over",
        "`RGB width height`, a line feed, and the RGB bytes.",
        "",
        "## Fields",
        *(f"- `{name}`: {text}" for name, text in FIELDS.items()),
        "",
        "## Use",
        "```python",
        "import datasets",
        f'thoughts = datasets.load_dataset("PATH", "{cells[0].config}", split="train")',
        'thoughts[0]["image"]    # a PIL picture; its questions: thoughts[0]["uses"]',
        "```",
        "`g2u import PATH` checks every byte against manifest.json and fills the call cache: the",
        "same presets then draw nothing again.",
        "",
        "## Score",
        *(_scoring(gold) if gold else ["Gold answers are not in this dataset."]),
        "",
    ]
    return "\n".join(lines)


def front(places: Sequence[tuple[str, str]], rows: int, *tags: str) -> str:
    """The head of a card, YAML in the Hub's terms.

    Args:
        places: names of configurations, and the folders of their parquet files.
        rows: of all thoughts.
        tags: beside those of all datasets.
    """
    told = {
        "license": LICENCE,
        "task_categories": ["any-to-any", "image-to-image", "visual-question-answering"],
        "size_categories": [size_category(rows)],
        "tags": ["visual-thoughts", "g2u", "image", "synthetic", *tags],
        "configs": [
            {"config_name": name, "data_files": f"{place}/*.parquet"} for name, place in places
        ],
    }
    return yaml.safe_dump(told, sort_keys=False).strip()


def size_category(rows: int) -> str:
    """The Hub's word for so many rows."""
    steps = ["1K", "10K", "100K", "1M", "10M", "100M", "1B"]
    place = max(0, len(str(max(rows, 1))) - 3)
    if place >= len(steps):
        return f"n>{steps[-1]}"
    return f"{steps[place - 1]}<n<{steps[place]}" if place else f"n<{steps[0]}"


def thought_by(name: str, preset: Mapping[str, Any]) -> str:
    """The model that drew, for people; of published traces whose they are, and their licence."""
    told = traces_of(preset)
    if told is None:
        return f"{name} ({preset['adapter']})"
    return f"{name} (traces of {told['model']}, {told['licence']})"


def _scoring(gold: Sequence[SharedGold]) -> list[str]:
    """What the card says of the gold answers."""
    return [
        "Gold answers lie apart, a configuration for each benchmark: "
        f"{', '.join(each.config for each in gold)}.",
        "Answer each question twice, from the original and with the thought beside it, into two",
        "files with columns `index` (the question's id) and `prediction` (the reply):",
        "`g2u score PATH direct.tsv thought.tsv` gives both accuracies and the paired gain.",
    ]


def _checked(cell: SharedCell) -> str:
    """When the model that drew was checked, and what did not hold."""
    if cell.check is None:
        return "never"
    told = [
        f"{MEANS[premise].what}: {WORDS[outcome]}"
        for premise, outcome in cell.check.outcomes.items()
        if premise in MEANS and outcome not in ("holds", "not applicable")
    ]
    return "; ".join([cell.check.date, *told])


def _croissant(
    folder: Path, cells: Sequence[SharedCell], gold: Sequence[SharedGold]
) -> dict[str, Any]:
    parts: list[SharedCell | SharedGold] = [*cells, *gold]
    shards = [path for part in parts for path in sorted((folder / part.folder).iterdir())]
    objects = [
        {
            "@type": "cr:FileObject",
            "@id": path.relative_to(folder).as_posix(),
            "name": path.relative_to(folder).as_posix(),
            "contentUrl": path.relative_to(folder).as_posix(),
            "encodingFormat": "application/x-parquet",
            "sha256": digest_of(path),
        }
        for path in shards
    ]
    records = []
    for part in parts:
        fields = FIELDS if isinstance(part, SharedCell) else GOLD_FIELDS
        first = min(part.shards)
        records.append(
            {
                "@type": "cr:RecordSet",
                "@id": part.config,
                "name": part.config,
                "field": [
                    _field(part.config, name, text, first)
                    for name, text in fields.items()
                    if name not in ("uses", "seen")
                ],
            }
        )
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "visual-thoughts",
        "description": "Pictures that models drew of benchmarks' pictures before answering.",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "license": sorted({cell.licence or "not known" for cell in cells}),
        "distribution": objects,
        "recordSet": records,
    }


def _field(config: str, name: str, text: str, file: str) -> dict[str, Any]:
    kind = "sc:ImageObject" if name in PICTURES else "sc:Integer" if name in INTEGERS else "sc:Text"
    source: dict[str, Any] = {"fileObject": {"@id": file}, "extract": {"column": name}}
    if name in PICTURES:
        source["transform"] = {"jsonPath": "bytes"}
    told = {"repeated": True} if name in LISTS else {}
    return {
        "@type": "cr:Field",
        "@id": f"{config}/{name}",
        "name": f"{config}/{name}",
        "description": text,
        "dataType": kind,
        **told,
        "source": source,
    }
