"""All that is read, the instrument's questions included: short and plain, without pressure or a pat on the head."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import textstat

ROOT = Path(__file__).parents[2]
CATALOGUES = sorted(ROOT.glob("ui-snippets/*/words/en.json"))
THERAPISTS = {
    "guest-notice",
    "moment-button",
    "moment-sheet",
    "pause-notes",
    "pause-notice",
    "pause-ready",
    "survey-answers",
}
FIXED = "If you are in danger, call your local emergency number."  # its wording is not ours to shorten
UNWANTED = re.compile(
    r"\b(great|good job|well done|proud|must|invalid|warning|are you sure)\b|!", re.IGNORECASE
)


def sentences(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from sentences(each)
    else:
        yield from str(value).split("|")  # a list of chips


def spoken(catalogue: Path) -> list[str]:
    return list(sentences(json.loads(catalogue.read_text("utf-8"))))


def asked() -> list[str]:
    pulse = json.loads((ROOT / "plugin/instruments/session-pulse.json").read_text("utf-8"))
    words = [pulse["title"], pulse["intro"]]
    for item in pulse["items"]:
        words += [item["text"], item.get("note", ""), *item.get("anchors", [])]
        words += [option["text"] for option in item.get("options", [])]
    return [each for each in words if each]


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_string_is_easy_to_read(catalogue: Path) -> None:
    # the formula says nothing about one or two words: "tired" alone would need grade 8
    hard = {
        each: grade
        for each in spoken(catalogue)
        if len(each.split()) > 2 and each != FIXED and (grade := textstat.flesch_kincaid_grade(each)) > 6
    }
    assert hard == {}


def test_all_that_a_client_reads_is_of_grade_four_at_most() -> None:
    words = [each for path in CATALOGUES if path.parts[-3] not in THERAPISTS for each in spoken(path)]
    copy = " ".join(each if each[-1] in ".?!" else f"{each}." for each in [*words, *asked()] if each)
    assert len(copy.split()) > 300
    assert textstat.flesch_kincaid_grade(copy) <= 4


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_string_praises_or_presses(catalogue: Path) -> None:
    assert [each for each in spoken(catalogue) if UNWANTED.search(each)] == []
