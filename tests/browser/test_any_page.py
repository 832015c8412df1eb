"""The overlay in pages of other people: their style, their focus, their fullscreen, their policies."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.looking import pause_button, reads, region, sheet
from tests.browser.pretend_service import CSS, READY, Service

HOSTILE = """
* { all: unset !important; letter-spacing: 9px !important; font: 900 40px serif !important; color: red !important; }
html { font-size: 10px !important; } fermata-overlay { display: none !important; opacity: 0 !important; }
button { background: red !important; text-transform: uppercase !important; visibility: hidden !important; }
#stage { display: block !important; position: relative !important; height: 90vh !important; }
"""
STYLE = """(name) => {
  const stage = document.querySelector('fermata-overlay').shadowRoot.querySelector('overlay-stage').shadowRoot;
  return getComputedStyle(stage.querySelector('pause-button').shadowRoot.querySelector('button'))[name];
}"""


async def opened(page: Page, service: Service) -> None:
    await page.goto(service.base)
    await expect(pause_button(page)).to_be_visible()


async def test_a_hostile_stylesheet_does_not_reach_the_button(page: Page, service: Service) -> None:
    await opened(page, service)
    names = (
        "color",
        "fontSize",
        "letterSpacing",
        "backgroundColor",
        "textTransform",
        "fontWeight",
        "visibility",
    )
    before = [await page.evaluate(STYLE, name) for name in names]
    service.css = CSS + HOSTILE
    await opened(page, service)
    assert [await page.evaluate(STYLE, name) for name in names] == before
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))


async def test_the_focus_enters_the_sheet_after_the_own_press_only_and_returns(
    page: Page, service: Service
) -> None:
    await opened(page, service)
    chat = page.get_by_role("textbox", name="Chat")
    await chat.focus()
    await service.show({**READY, "state": "open"}, sheet("other-window", "delivered", "delivered"))
    await reads(page, "delivered")
    await expect(chat).to_be_focused()
    await service.show(READY)
    await pause_button(page).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="Your pause")).to_be_focused()
    await service.until(lambda: service.asks("pause.press"))
    press = service.asks("pause.press")[0]["id"]
    await service.show({**READY, "state": "open"}, sheet(press, "seen", "seen"))
    await page.get_by_role("button", name="Go on").focus()
    await page.keyboard.press("Space")
    await service.until(lambda: service.asks("pause.resume"))
    await service.show(READY)
    await expect(pause_button(page)).to_be_focused()


async def test_the_whole_pause_works_with_the_keyboard_alone(page: Page, service: Service) -> None:
    await opened(page, service)
    await page.keyboard.press("Alt+Shift+P")
    await service.until(lambda: service.asks("pause.press"))
    press = service.asks("pause.press")[0]["id"]
    await service.show({**READY, "state": "open"}, sheet(press, "seen", "seen"))
    await reads(page, "seen")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Look round")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()
    await expect(page.get_by_text("Find the door.")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Look round")).to_be_focused()
    for _ in range(5):
        await page.keyboard.press("Tab")
    await page.keyboard.press("ArrowDown")
    await service.until(lambda: service.asks("pause.level"))
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await service.until(lambda: service.asks("pause.resume"))
    assert service.asks("pause.resume")[0]["choice"] == "go_on"


@pytest.mark.parametrize("off", ["typing", "attribute", "letters"])
async def test_the_chord_rests_where_somebody_types_and_when_it_is_switched_off(
    page: Page, service: Service, off: str
) -> None:
    await opened(page, service)
    if off == "typing":
        await page.get_by_role("textbox", name="Chat").focus()
    if off == "attribute":
        await page.evaluate("document.querySelector('fermata-overlay').setAttribute('no-chords', '')")
    await page.keyboard.press("Shift+P" if off == "letters" else "Alt+Shift+P")
    await expect(region(page)).to_have_text("")
    assert service.asks("pause.press") == []


async def test_typed_words_and_focus_stay_when_a_new_screen_comes(page: Page, service: Service) -> None:
    check_in = {"card": "check-in", "side": "client", "state": "open", "own": None, "other": None}
    check_in |= {"started_at": "2026-11-23T14:02:05.123Z", "ends_at": "2999-11-23T14:04:05.123Z"}
    service.cards = [READY, check_in]
    await opened(page, service)
    feeling = page.get_by_role("textbox", name="One feeling")
    await feeling.press_sequentially("hop")
    await service.show(READY, check_in)
    await feeling.press_sequentially("eful")
    await expect(feeling).to_have_value("hopeful")
    await pause_button(page).click()
    await expect(feeling).to_be_hidden()
    await service.until(lambda: service.asks("pause.press"))
    await service.show(READY, check_in)
    await page.get_by_role("button", name="Take it back").click()
    await page.get_by_role("button", name="Close").click()
    await expect(feeling).to_have_value("hopeful")


async def test_the_overlay_goes_into_the_fullscreen_element_and_can_be_clicked_there(
    page: Page, service: Service
) -> None:
    await opened(page, service)
    await page.evaluate(
        """() => {
          const box = document.createElement('div');
          box.id = 'full';
          document.body.append(box);
          document.querySelector('#leave').onclick = () => box.requestFullscreen();
          document.addEventListener('fm-ready', () => { box.dataset.again = ''; });
        }"""
    )
    await page.get_by_role("button", name="Leave").click()
    await expect(page.locator("#full > fermata-overlay")).to_have_count(1)
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    assert len(service.sockets) == 1
    await page.evaluate("document.exitFullscreen()")
    await expect(page.locator("#stage > fermata-overlay")).to_have_count(1)
    assert await page.locator("#full").get_attribute("data-again") is None


async def test_on_a_phone_the_page_learns_how_much_room_the_sheet_takes(page: Page, service: Service) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await opened(page, service)
    await pause_button(page).click()
    room = await page.evaluate("document.querySelector('#stage').style.getPropertyValue('--fm-inset-bottom')")
    height = await page.evaluate("document.querySelector('#stage').clientHeight")
    assert height * 0.4 < float(room.removesuffix("px")) < height * 0.9


async def test_with_reduced_motion_nothing_moves(page: Page, service: Service) -> None:
    service.cards = [{"card": "moment-button", "state": "ready"}]
    await page.goto(service.base)
    await expect(page.get_by_role("button", name="I need a moment")).to_be_visible()
    moving = "document.getAnimations({subtree: true}).length"
    assert await page.evaluate(moving) == 0


async def test_in_forced_colours_the_edges_of_buttons_and_sheets_are_drawn(
    page: Page, service: Service
) -> None:
    await page.emulate_media(forced_colors="active")
    await opened(page, service)
    assert float((await page.evaluate(STYLE, "borderTopWidth")).removesuffix("px")) >= 1
    assert await page.evaluate(STYLE, "borderTopStyle") == "solid"
    await pause_button(page).click()
    for name in ("Go on", "Look round", "Take it back"):
        edge = await page.get_by_role("button", name=name).evaluate(
            "(it) => getComputedStyle(it).borderTopStyle"
        )
        assert edge == "solid"


async def test_the_letters_follow_the_readers_size_and_not_the_pages_root(
    page: Page, service: Service
) -> None:
    service.css = CSS + "html { font-size: 30px; }"
    await opened(page, service)
    assert await page.evaluate(STYLE, "fontSize") == "17px"
    await page.evaluate("document.querySelector('fermata-overlay').style.setProperty('--fm-text', '2')")
    assert await page.evaluate(STYLE, "fontSize") == "34px"
