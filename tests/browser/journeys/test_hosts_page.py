"""Whatever the host's page is like: without service or script, under strict policies, by keys alone."""

import pytest
from playwright.async_api import Locator, Route, expect

from tests.browser.journeys.demo import Demo, eventually
from tests.browser.journeys.looks import moving, style, without_edge
from tests.browser.journeys.people import DESKTOP, Call, Person
from tests.browser.journeys.stored import answers, responses
from tests.browser.looking import SENTENCES, pause_button

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORDS = "The pause button is not here right now. You can say it out loud, wave, or leave."
HOSTILE = """
* { all: unset !important; letter-spacing: 9px !important; font: 900 40px serif !important; color: red !important; }
html { font-size: 10px !important; } fermata-overlay { display: none !important; opacity: 0 !important; }
button { background: red !important; text-transform: uppercase !important; visibility: hidden !important; }
#stage, #call { display: block !important; position: relative !important; height: 700px !important; }
"""
PROPERTIES = ("color", "fontSize", "fontWeight", "letterSpacing", "backgroundColor", "textTransform", "visibility",
              "display", "opacity")  # fmt: skip


# The ring of a radio or checkbox is drawn around what stands beside it.
RING = """(it) => [it, it.nextElementSibling, it.parentElement].filter(Boolean)
  .map((each) => getComputedStyle(each).outlineStyle).join()"""


async def only_words(person: Person) -> None:
    """The page's own words stand where the button will be."""
    await expect(person.page.get_by_text(WORDS)).to_be_visible()
    await expect(pause_button(person.page)).to_have_count(0)


async def the_button_comes(person: Person) -> None:
    """By itself and without a reload; the words make room for it."""
    await expect(pause_button(person.page)).to_be_visible(timeout=30_000)
    await expect(person.page.get_by_text(WORDS)).to_be_hidden()
    assert await person.page.evaluate("window.stayed") is True


async def joins_without(person: Person) -> None:
    await person.joins()
    await person.page.evaluate("window.stayed = true")
    await only_words(person)


async def test_without_the_service_the_words_stand_and_later_the_button_comes(call: Call, demo: Demo) -> None:
    client = await call.person("client")
    async with demo.service_down():
        await joins_without(client)
    await the_button_comes(client)
    await client.press("I need a pause")
    await client.reads(SENTENCES["alone_not_yet"])


async def test_with_the_script_blocked_the_words_stand_and_later_the_button_comes(call: Call) -> None:
    client = await call.person("client")
    blocked: list[str] = []

    async def block(route: Route) -> None:
        blocked.append(route.request.url)
        await route.abort("blockedbyclient")

    await client.page.route("**/embed/v1/fermata.js*", block)
    await joins_without(client)
    await eventually(lambda: len(blocked) > 1)
    await only_words(client)
    await client.page.unroute("**/embed/v1/fermata.js*")
    await the_button_comes(client)


async def test_a_script_with_the_wrong_hash_never_runs(call: Call) -> None:
    client = await call.person("client")

    async def forge(route: Route) -> None:
        embed = await (await route.fetch()).json()
        await route.fulfill(json={**embed, "integrity": "sha384-" + "A" * 64})

    await client.page.route("**/api/embed", forge)
    await joins_without(client)
    await eventually(lambda: any("integrity" in words for words in client.complaints))
    await only_words(client)
    assert await client.page.evaluate("customElements.get('fermata-overlay') === undefined")
    await client.page.unroute("**/api/embed")
    await the_button_comes(client)
    client.complaints[:] = [words for words in client.complaints if "integrity" not in words]


async def test_the_whole_overlay_lives_under_a_strict_policy(call: Call) -> None:
    therapist, client = await call.both()
    answer = await client.page.request.get(client.link)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    await client.press("I need a pause")
    await expect(therapist.notice).to_be_visible()
    await client.press("Go on")
    await client.press("Leave")
    await expect(client.button("Send answers").or_(client.button("Next"))).to_be_visible()
    for person in (therapist, client):
        assert await person.violations() == []
    plant = (
        "() => { try { document.createElement('p').innerHTML = '<b>x</b>'; } catch { return 'refused'; } }"
    )
    assert await client.page.evaluate(plant) == "refused"
    await eventually(lambda: _reported(client))
    await client.page.evaluate("window.violations = []")
    client.complaints[:] = [words for words in client.complaints if "TrustedHTML" not in words]


async def _reported(person: Person) -> bool:
    return bool(await person.violations())


async def test_a_hostile_stylesheet_of_the_host_changes_nothing_in_the_overlay(call: Call) -> None:
    therapist, client = await call.both(client={"viewport": DESKTOP})
    await client.press("I need a pause")
    await expect(therapist.notice).to_be_visible()
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    before = await style(client.page, *PROPERTIES)
    await client.page.evaluate(
        """(css) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(css);
          document.adoptedStyleSheets.push(sheet);
        }""",
        HOSTILE,
    )
    assert (
        await client.page.evaluate("getComputedStyle(document.getElementById('leave')).letterSpacing")
        == "9px"
    )
    assert await style(client.page, *PROPERTIES) == before
    await client.press("Go on")
    await expect(therapist.notice).to_contain_text("Your client wants to go on.")


async def tab_to(person: Person, target: Locator) -> None:
    """Press Tab until the target has the focus, and it shows."""
    for _ in range(60):
        await person.page.keyboard.press("Tab")
        if await target.evaluate("(it) => it.getRootNode().activeElement === it"):
            assert "solid" in await target.evaluate(RING), "the focus can be seen"
            return
    raise AssertionError(f"{target} cannot be reached with Tab")


async def key(person: Person, target: Locator, press: str = "Enter") -> None:
    await tab_to(person, target)
    await person.page.keyboard.press(press)


async def test_keys_alone_carry_both_people_through_a_pause_and_the_survey(call: Call, demo: Demo) -> None:
    therapist = await call.person("therapist")
    client = await call.person("client", viewport=DESKTOP)
    for person in (therapist, client):
        await person.opens()
        if not await person.button("Join").is_visible():
            await key(person, person.button("New call"))
        await key(person, person.button("Join"))
        await expect(person.button("Leave")).to_be_visible()
    if not demo.consented:
        await key(
            client, client.page.get_by_role("checkbox", name="My therapist may see my answers"), "Space"
        )
        await key(client, client.button("Save my choice"))
        demo.consented = True
    await key(client, client.page.get_by_role("textbox", name="One feeling"), "h")
    await key(client, client.button("Share"))
    await key(therapist, therapist.button("Skip"))
    await key(client, client.button("I need a pause"))
    await key(therapist, therapist.button("I have seen it"))
    await client.reads(SENTENCES["seen"])
    await key(client, client.button("Go on"))
    await expect(therapist.notice).to_contain_text("Your client wants to go on.")
    await client.page.keyboard.press("Alt+Shift+P")
    await expect(therapist.notice).to_contain_text("Your client asked for a pause.")
    await key(client, client.button("Slower"))
    await expect(therapist.notice).to_contain_text("Your client wants to go on, slower.")
    await the_survey_by_keys(therapist, client)
    await eventually(lambda: _stored(demo))
    assert answers((await responses(demo, "session-pulse"))[-1]) == {"heard": 2, "helpful": "time"}


async def the_survey_by_keys(therapist: Person, client: Person) -> None:
    await key(client, client.button("Leave"))
    heard = client.page.get_by_role(
        "radiogroup", name="How well did your therapist get what you meant today?"
    )
    await key(client, heard.get_by_role("radio", name="0", exact=True), "Space")
    for _ in range(2):
        await client.page.keyboard.press("ArrowRight")
    await key(client, client.page.get_by_role("textbox", name="What was helpful today?"), "t")
    await client.page.keyboard.type("ime")
    await key(client, client.button("Send answers"))
    await expect(client.button("Send answers")).to_have_count(0)
    await key(therapist, therapist.button("Leave"))
    await key(therapist, therapist.button("Skip"))


async def _stored(demo: Demo) -> bool:
    return bool(await responses(demo, "session-pulse"))


async def test_nothing_moves_for_who_wants_no_motion_and_edges_stay_in_forced_colours(call: Call) -> None:
    therapist, client = await call.person("therapist"), await call.person("client")
    for person in (therapist, client):
        await person.joins()
    moved: list[str] = []

    async def looked_at() -> None:
        for person in (therapist, client):
            await person.page.emulate_media(reduced_motion="no-preference")
            moved.extend(await moving(person.page))
            await person.page.emulate_media(reduced_motion="reduce")
            assert await moving(person.page) == []
            await person.page.emulate_media(forced_colors="active")
            assert await without_edge(person.page) == []
            await person.page.emulate_media(forced_colors="none")

    await expect(pause_button(client.page)).to_be_visible()
    await looked_at()
    await client.press("I need a pause")
    await expect(therapist.notice).to_be_visible()
    await looked_at()
    await therapist.press("I have seen it")
    await client.reads(SENTENCES["seen"])
    await looked_at()
    await client.press("Stop for today")
    await expect(therapist.page.locator("soft-ending")).to_be_visible()
    await looked_at()
    assert moved, "without that wish there is motion to take away"
