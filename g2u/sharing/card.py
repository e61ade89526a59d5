"""The card of a dataset of thoughts (README.md with YAML front matter) and its Croissant metadata.

Front matter: the Hub's dataset card, with one configuration per cell, so that
`datasets.load_dataset(folder, config)` finds its shards. Croissant: version 1.1, mlcommons.org.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from g2u.files import write_whole
from g2u.premises import MEANS, WORDS
from g2u.sharing.manifest import SharedCell, digest_of

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
    "original": "the picture that was edited, where its licence is known",
    "uses": "where it is shown: question, position, text, choices, format of the answer",
}
INTEGERS = ("width", "height", "seed", "draw", "round")
PICTURES = ("image", "original")
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


def write_card(folder: Path, cells: Sequence[SharedCell]) -> None:
    """Write README.md and croissant.json beside the shards."""
    write_whole(folder / NAME, _card(cells))
    write_whole(folder / CROISSANT, json.dumps(_croissant(folder, cells), indent=1) + "\n")


def _card(cells: Sequence[SharedCell]) -> str:
    front = {
        "license": LICENCE,
        "task_categories": ["image-to-image", "visual-question-answering"],
        "tags": ["visual-thoughts", "g2u", "image", "synthetic", "croissant"],
        "configs": [
            {"config_name": cell.config, "data_files": f"data/{cell.config}/*.parquet"}
            for cell in cells
        ],
    }
    lines = [
        "---",
        yaml.safe_dump(front, sort_keys=False).strip(),
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
            f"| {cell.config} | {cell.thoughts} | {cell.uses} times | {cell.model} "
            f"({cell.model_preset['adapter']}) | {_checked(cell)} | {prompt.replace('|', '/')} "
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
    ]
    return "\n".join(lines)


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


def _croissant(folder: Path, cells: Sequence[SharedCell]) -> dict[str, Any]:
    shards = [path for cell in cells for path in sorted((folder / "data" / cell.config).iterdir())]
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
    for cell in cells:
        first = next(path for path in shards if path.parent.name == cell.config)
        records.append(
            {
                "@type": "cr:RecordSet",
                "@id": cell.config,
                "name": cell.config,
                "field": [
                    _field(cell.config, name, text, first.relative_to(folder).as_posix())
                    for name, text in FIELDS.items()
                    if name != "uses"
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
    return {
        "@type": "cr:Field",
        "@id": f"{config}/{name}",
        "name": f"{config}/{name}",
        "description": text,
        "dataType": kind,
        "source": source,
    }
