"""Every state that a snippet can show, read from its examples.json, is looked at in a real browser."""

import json
from typing import Any, Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.serving import SNIPPETS

RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""All that the other theme can make wrong: it has other colours and nothing else."""
THEMES: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...] = (("light", RULES), ("dark", COLOURS))
WIDTHS = ((320, 640), (390, 844), (1280, 800))
TAGS = sorted(path.parent.name for path in SNIPPETS.glob("*/examples.json"))

OVERFLOW = """() => {
  const wide = [document.documentElement];
  const walk = (root) => root.querySelectorAll('*').forEach((each) => {
    if (each.shadowRoot) walk(each.shadowRoot);
    const clipped = each.closest('.vh,[data-closed],header,figcaption') || getComputedStyle(each).clipPath !== 'none';
    if (each.clientWidth && !clipped && each.scrollWidth > each.clientWidth + 1) wide.push(each);
  });
  walk(document);
  return wide.slice(document.documentElement.scrollWidth > innerWidth ? 0 : 1)
    .map((each) => `${each.localName}#${each.id}.${each.className} ${each.scrollWidth} > ${each.clientWidth}`);
}"""
SMALL = """() => {
  const small = [];
  const walk = (root) => root.querySelectorAll('*').forEach((each) => {
    if (each.shadowRoot) walk(each.shadowRoot);
    if (!each.matches('button,a[href]') || !each.checkVisibility() || each.closest('header')) return;
    const least = each.id === 'press' ? 48 : 44;
    const box = each.getBoundingClientRect();
    const name = each.id || each.textContent;
    if (box.height < least || box.width < least) small.push(`${name} ${box.width}x${box.height}`);
  });
  walk(document);
  return small;
}"""


def examples(tag: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads((SNIPPETS / tag / "examples.json").read_text("utf-8"))
    return listed


async def show(page: Page, base: str, tag: str, number: int, query: str = "") -> None:
    await page.goto(f"{base}/{tag}/demo.html?example={number}{query}")
    await page.locator("html[data-ready]").wait_for(state="attached")


async def broken_rules(page: Page, rules: dict[str, Any] = RULES) -> list[str]:
    """What axe finds, one line a place. The script is put into a page once; that is the slow part."""
    if not await page.evaluate("'axe' in globalThis"):
        await page.evaluate(Axe().axe_script)
    found = await page.evaluate("(rules) => axe.run(document, rules)", rules)
    return [f"{v['id']}: {node['target']}" for v in found["violations"] for node in v["nodes"]]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("tag", TAGS)
async def test_axe_finds_nothing_in_any_example(page: Page, snippets: str, tag: str) -> None:
    problems = []
    for number, example in enumerate(examples(tag)):
        await show(page, snippets, tag, number)
        for width, height in WIDTHS:
            await page.set_viewport_size({"width": width, "height": height})
            for theme, rules in THEMES:
                await page.emulate_media(color_scheme=theme)
                found = await broken_rules(page, rules)
                problems += [f"{example['name']} {width} {theme}: {line}" for line in found]
    assert problems == []


@pytest.mark.parametrize("tag", TAGS)
async def test_nothing_runs_out_of_a_narrow_page(page: Page, snippets: str, tag: str) -> None:
    problems = []
    await page.set_viewport_size({"width": 320, "height": 640})
    for number, example in enumerate(examples(tag)):
        for query in ("", "&dir=rtl", "&text=2"):
            await show(page, snippets, tag, number, query)
            problems += [f"{example['name']}{query}: {line}" for line in await page.evaluate(OVERFLOW)]
    assert problems == []


@pytest.mark.parametrize("tag", TAGS)
async def test_every_button_is_large_enough_for_a_thumb(page: Page, snippets: str, tag: str) -> None:
    problems = []
    for number, example in enumerate(examples(tag)):
        await show(page, snippets, tag, number)
        for width, height in WIDTHS:
            await page.set_viewport_size({"width": width, "height": height})
            problems += [f"{example['name']} {width}: {line}" for line in await page.evaluate(SMALL)]
    assert problems == []


@pytest.mark.parametrize("tag", TAGS)
async def test_every_snippet_has_a_page_examples_and_words(tag: str) -> None:
    names = [example["name"] for example in examples(tag)]
    assert names, "no examples"
    assert len(set(names)) == len(names)
    for file in (f"{tag}.html", f"{tag}.css", f"{tag}.js", "words/en.json", "README.md", "demo.html"):
        assert (SNIPPETS / tag / file).is_file(), file


async def test_a_violation_planted_inside_a_shadow_root_is_reported(page: Page, snippets: str) -> None:
    await show(page, snippets, "pause-sheet", 0)
    await page.evaluate(
        """() => {
          const sheet = document.querySelector('overlay-stage').shadowRoot.querySelector('pause-sheet');
          sheet.shadowRoot.querySelector('#panel').append(document.createElement('button'));
        }"""
    )
    assert any(line.startswith("button-name") for line in await broken_rules(page))
