"""Compiles a snippet's markup to data: a node is ``["tag#id.class", attributes?, *children]``, text ``{key}``."""

import re
from html.parser import HTMLParser
from typing import Any

VOID = {"input", "br", "hr", "img"}
# HTMLParser lowers names; SVG's are case-sensitive when set by script.
CASED = {name.lower(): name for name in ("viewBox", "preserveAspectRatio", "linearGradient", "clipPath")}
WORD = re.compile(r"\{\w+\}")

Node = list[Any]


class Unfit(Exception):
    """A snippet's source breaks a rule of ui-snippets/README.md; the message says which and where."""


class _Compiler(HTMLParser):
    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name = name
        self.words: set[str] = set()
        self.tree: list[Any] = []
        self.open: list[tuple[str, Node]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {CASED.get(key, key): value or "" for key, value in attrs}
        if banned := [key for key in attributes if key == "style" or key.startswith("on")]:
            raise Unfit(f"{self.name}: attribute {banned[0]} breaks strict content policies")
        for key, value in attributes.items():
            self._note(value)
            if key in {"aria-label", "placeholder", "title", "alt"} and not WORD.fullmatch(value):
                raise Unfit(f"{self.name}: words belong in words/en.json, not in {key}={value!r}")
        node: Node = [_head(CASED.get(tag, tag), attributes), *([attributes] if attributes else [])]
        self._add(node)
        if tag not in VOID:
            self.open.append((CASED.get(tag, tag), node))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != CASED.get(tag, tag):
            raise Unfit(f"{self.name}: </{tag}> closes nothing")
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        text = data.strip()
        if not WORD.fullmatch(text):
            raise Unfit(f"{self.name}: words belong in words/en.json, not in the markup: {text!r}")
        self._note(text)
        self._add(text)

    def _note(self, value: str) -> None:
        if WORD.fullmatch(value):
            self.words.add(value[1:-1])

    def _add(self, node: Any) -> None:
        (self.open[-1][1] if self.open else self.tree).append(node)


def _head(tag: str, attributes: dict[str, str]) -> str:
    """The tag with its id and classes, which leave the attributes."""
    name = attributes.pop("id", "")
    classes = attributes.pop("class", "").split()
    return "".join([tag, f"#{name}" if name else "", *(f".{each}" for each in classes)])


def compile_markup(source: str, *, name: str) -> tuple[list[Any], set[str]]:
    """Return the nodes of ``source`` and the word keys it uses; raise ``Unfit`` for what cannot be shown."""
    compiler = _Compiler(name)
    compiler.feed(source)
    compiler.close()
    if compiler.open:
        raise Unfit(f"{name}: <{compiler.open[-1][0]}> is never closed")
    return compiler.tree, compiler.words
