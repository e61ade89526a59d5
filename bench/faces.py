"""Outlines of open fonts as the modules of g2u/questions/signs/faces: capitals and figures as
polygons.

Run: pip install fonttools brotli; python -m bench.faces FILE.woff2 ROOT_OF_PACKAGE. The font comes
from a package of npm (@fontsource/NAME) with its licence beside it. Curves become lines that keep
within TOLERANCE; 1000 units are the height of a capital. A font with a Reserved Font Name is
refused: the Open Font License lets no changed copy bear that name.
"""

import json
import math
import string
import sys
from pathlib import Path

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont

FOLDER = Path("g2u/questions/signs/faces")
LETTERS = string.ascii_uppercase + string.digits + " "
TOLERANCE = 2.0
Point = tuple[float, float]


class Polygons(BasePen):  # type: ignore[misc]
    """Collects contours as lists of points, in units of the font."""

    def __init__(self, glyphs: object, tolerance: float) -> None:
        super().__init__(glyphs)
        self.found: list[list[Point]] = []
        self.tolerance = tolerance

    def _moveTo(self, point: Point) -> None:  # noqa: N802
        self.found.append([point])

    def _lineTo(self, point: Point) -> None:  # noqa: N802
        self.found[-1].append(point)

    def _curveToOne(self, one: Point, two: Point, end: Point) -> None:  # noqa: N802
        start = self.found[-1][-1]
        bend = max(
            math.hypot(a[0] - 2 * b[0] + c[0], a[1] - 2 * b[1] + c[1])
            for a, b, c in ((start, one, two), (one, two, end))
        )
        steps = max(1, math.ceil(math.sqrt(0.75 * bend / self.tolerance)))
        for number in range(1, steps + 1):
            t = number / steps
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            points = (start, one, two, end)
            self.found[-1].append(
                tuple(sum(w * p[i] for w, p in zip(weights, points, strict=True)) for i in (0, 1))  # type: ignore[arg-type]
            )


def main() -> None:
    """Write one module."""
    file, package = Path(sys.argv[1]), Path(sys.argv[2])
    font = TTFont(file)
    copyright_line = font["name"].getDebugName(0)
    licence = (package / "LICENSE").read_text()
    if "Reserved Font Name" in copyright_line or "eserved Font Name" in licence.split("\n")[0]:
        sys.exit(f"{file}: has a Reserved Font Name")
    told = json.loads((package / "package.json").read_text())
    glyphs, names = font.getGlyphSet(), font.getBestCmap()
    cap = Polygons(glyphs, 1.0)
    glyphs[names[ord("H")]].draw(cap)
    scale = 1000 / max(y for contour in cap.found for _, y in contour)
    lines = []
    for letter in LETTERS:
        pen = Polygons(glyphs, TOLERANCE / scale)
        glyph = glyphs[names[ord(letter)]]
        glyph.draw(pen)
        parts = [str(round(glyph.width * scale))]
        for contour in pen.found:
            points = [f"{round(x * scale)},{round(y * scale)}" for x, y in contour]
            kept = [
                p for p, before in zip(points, [points[-1], *points], strict=False) if p != before
            ]
            parts.append(" ".join(kept))
        lines.append(f'    "{letter}": "{";".join(parts)}",')
    family, weight = file.name.split("-latin-")[0], file.name.split("-latin-")[1].split("-")[0]
    name = family.replace("-", " ").title()
    text = f'''"""{name}, weight {weight}: capitals and figures as polygons, by bench/faces.py.

{copyright_line}
SPDX-License-Identifier: {told["license"]}
Source: {told["name"]} {told["version"]} on npm, {file.name}; curves became lines.
"""

GLYPHS = {{
    # letter: advance; contours as x,y points. 1000 = height of a capital, y upwards
{chr(10).join(lines)}
}}
'''
    (FOLDER / f"{family.replace('-', '_')}.py").write_text(text)


if __name__ == "__main__":
    main()
