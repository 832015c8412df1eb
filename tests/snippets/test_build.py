"""The step that puts the embed together, and what it must refuse."""

import base64
import gzip
import hashlib
import importlib
import json
import subprocess
import sys
from pathlib import Path

import minify
import pytest

SNIPPETS = Path(__file__).parents[2] / "ui-snippets"
sys.path.insert(0, str(SNIPPETS))

markup = importlib.import_module("markup")  # a script beside the snippets, in no package


def test_the_committed_embed_is_current() -> None:
    done = subprocess.run(
        [sys.executable, SNIPPETS / "build.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_manifest_tells_the_hash_and_size_of_what_is_loaded() -> None:
    told = json.loads((SNIPPETS / "embed.json").read_text("utf-8"))
    for each in (told, told["pages"]):
        raw = (SNIPPETS / each["file"]).read_bytes()
        assert each["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(raw).digest()).decode()
        assert each["bytes"] == len(raw)
        assert each["gzip"] == len(gzip.compress(raw, 9, mtime=0))
    assert told["pages"]["integrity"] in (SNIPPETS / "fermata.js").read_text("utf-8")


def test_the_overlay_is_small_enough_for_a_poor_line() -> None:
    assert json.loads((SNIPPETS / "embed.json").read_text("utf-8"))["gzip"] <= 25_000


@pytest.mark.parametrize(
    "call", ["innerHTML", "outerHTML", "DOMParser", "setHTML", "insertAdjacentHTML", "eval("]
)
def test_nothing_in_the_embed_parses_markup_or_code(call: str) -> None:
    assert call not in (SNIPPETS / "fermata.js").read_text("utf-8")


@pytest.mark.parametrize("store", ["cookie", "localStorage", "sessionStorage", "indexedDB", "caches"])
def test_nothing_in_the_embed_keeps_anything_in_the_browser(store: str) -> None:
    assert store not in (SNIPPETS / "fermata.js").read_text("utf-8")


@pytest.mark.parametrize(
    "source",
    [
        '<p style="color: #000">{word}</p>',
        '<p onclick="go()">{word}</p>',
        "<p>Words in the markup</p>",
        '<button aria-label="Close"></button>',
        "<div><p>{word}</div>",
        "<p>{word}",
    ],
)
def test_markup_that_breaks_a_rule_is_refused(source: str) -> None:
    with pytest.raises(markup.Unfit):
        markup.compile_markup(source, name="probe")


def test_markup_becomes_data_with_the_words_it_needs() -> None:
    tree, words = markup.compile_markup(
        '<svg viewBox="0 0 1 1"><path d="M0 0"/></svg><p id="a">{word}</p>', name="probe"
    )
    assert tree == [["svg", {"viewBox": "0 0 1 1"}, ["path", {"d": "M0 0"}]], ["p#a", "{word}"]]
    assert words == {"word"}


def test_scripts_are_short() -> None:
    long = {
        str(path.relative_to(SNIPPETS)): lines
        for path in SNIPPETS.glob("*/*.js")
        if (lines := len(path.read_text("utf-8").splitlines())) > 160
    }
    assert long == {}


def test_the_minifier_still_puts_object_patterns_before_their_source() -> None:
    """The build step works around this; when this test fails, the workaround can go."""
    source = "(()=>{function f(t){const a=g(t);const {b}={t:a}[t];return [b,a]}h(f)})()"
    assert "const{b:" in str(minify.string("application/javascript", source)).replace("e(e){", "", 1)
