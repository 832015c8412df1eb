"""Looking at a live page as axe, a narrow screen and a ruler do."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
SIZES = ((320, 640), (390, 844), (1280, 800))
THEMES = ("light", "dark")

_WALK = """
const all = [];
const walk = (root) => root.querySelectorAll('*').forEach((each) => {
  all.push(each);
  if (each.shadowRoot) walk(each.shadowRoot);
});
walk(document);
const ours = all.filter((each) => each.getRootNode() !== document);
"""
_AXE = "(options) => axe.run(options).then(({ violations }) => violations)"
_WIDE = f"""() => {{ {_WALK}
  const wide = ours.filter((each) => {{
    const clipped = each.closest('.vh,[data-closed]') || getComputedStyle(each).clipPath !== 'none';
    return each.clientWidth && !clipped && each.scrollWidth > each.clientWidth + 1;
  }});
  if (document.documentElement.scrollWidth > innerWidth) wide.unshift(document.documentElement);
  return wide.map((each) => `${{each.localName}}#${{each.id}} ${{each.scrollWidth}} > ${{each.clientWidth}}`);
}}"""
_OVER = f"""() => {{ {_WALK}
  const visible = (each) => each.checkVisibility({{ visibilityProperty: true, opacityProperty: true }});
  const outer = (each) => each.assignedSlot ?? each.parentElement ?? each.getRootNode().host;
  const shown = (each) => {{
    let {{ left, top, right, bottom }} = each.getBoundingClientRect();
    for (let at = outer(each); at; at = outer(at)) {{
      if (getComputedStyle(at).overflow === 'visible') continue;
      const box = at.getBoundingClientRect();
      [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
      [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }}
    return {{ left, top, right, bottom }};
  }};
  const boxes = (list) => list.filter(visible).map((each) => [each, shown(each)]);
  const met = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const named = (each) => each.textContent.trim().slice(0, 40) || each.id;
  const theirs = boxes([...document.querySelectorAll('#controls button, #stage .switch, #stage .who')]);
  const mine = boxes(ours.filter((each) => each.matches('button, .dot, [part=sheet], [part=notice]')));
  return mine.flatMap(([own, box]) => theirs.filter(([, other]) => met(box, other))
    .map(([other]) => `${{named(own)}} / ${{named(other)}}`));
}}"""
_MOVING = f"""() => {{ {_WALK}
  return all.filter((each) => {{
    const {{ animationName, transitionDuration }} = getComputedStyle(each);
    return animationName !== 'none' || transitionDuration.split(',').some((time) => parseFloat(time) > 0);
  }}).map((each) => `${{each.localName}}#${{each.id}}.${{each.className}}`);
}}"""
_BARE = f"""() => {{ {_WALK}
  return ours.filter((each) => each.matches('button') && each.checkVisibility()).filter((each) => {{
    const {{ borderTopStyle, borderTopWidth, outlineStyle }} = getComputedStyle(each);
    return outlineStyle === 'none' && (borderTopStyle === 'none' || parseFloat(borderTopWidth) < 1);
  }}).map((each) => each.textContent.trim());
}}"""
_STYLE = f"""(names) => {{ {_WALK}
  const look = (each) => names.map((name) => getComputedStyle(each)[name]);
  return ours.map((each) => [`${{each.localName}}#${{each.id}}`, ...look(each)]);
}}"""


async def broken_rules(page: Page) -> list[str]:
    """What axe finds on the page as it stands, one line a place."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
    found = await page.evaluate(_AXE, {**RULES, "resultTypes": ["violations"]})
    return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]


async def too_wide(page: Page) -> list[str]:
    """What would have to be scrolled sideways, in shadow roots too."""
    found: list[str] = await page.evaluate(_WIDE)
    return found


async def overlapping(page: Page) -> list[str]:
    """Pieces of the overlay that lie over the host's controls and labels."""
    found: list[str] = await page.evaluate(_OVER)
    return found


async def moving(page: Page) -> list[str]:
    """Elements that would move or fade."""
    found: list[str] = await page.evaluate(_MOVING)
    return found


async def without_edge(page: Page) -> list[str]:
    """Buttons of the overlay that have no edge of their own, so that colour alone would show them."""
    found: list[str] = await page.evaluate(_BARE)
    return found


async def style(page: Page, *names: str) -> list[list[str]]:
    """How every element in a shadow root looks, by the named properties."""
    found: list[list[str]] = await page.evaluate(_STYLE, list(names))
    return found


async def looked_at(page: Page, what: str) -> list[str]:
    """Look at a page at every size and in both themes, and narrow from right to left; says what is wrong with it."""
    problems = []
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            problems += [f"{what} {width} {theme}: {line}" for line in await broken_rules(page)]
        problems += [f"{what} {width}: {line}" for line in [*await too_wide(page), *await overlapping(page)]]
    await page.set_viewport_size({"width": 320, "height": 640})
    await page.evaluate("document.documentElement.dir = 'rtl'")
    problems += [f"{what} rtl: {line}" for line in await too_wide(page)]
    await page.evaluate("document.documentElement.dir = 'ltr'")
    return problems
