"""What the therapist's page shows of a pause, and how it calls."""

from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from tests.browser.looking import notice
from tests.browser.pretend_service import Frame, Service

MOMENT: Frame = {"card": "moment-button", "state": "ready"}
LINE: Frame = {"card": "pause-ready", "state": "ready"}
ASKED = "Your client asked for a pause."
SCRIPT = (
    "Your client asked for a pause. Stop, lower your voice, and give them time. They do not have to explain."
)


def ago(seconds: int) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


async def opened(page: Page, service: Service, *cards: Frame) -> None:
    service.role, service.cards = "therapist", [MOMENT, LINE, *cards]
    await page.goto(service.base)
    await expect(page.get_by_role("button", name="I need a moment")).to_be_visible()


async def test_a_pause_is_painted_said_and_marked_in_the_tab_until_it_is_seen(
    page: Page, service: Service
) -> None:
    await opened(page, service)
    await service.show(MOMENT, LINE, notice("band", ago(12)))
    await expect(page.get_by_role("heading", name=ASKED)).to_be_visible()
    await expect(page.get_by_text("12 seconds ago")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text(ASKED)
    assert await page.title() == "Pause · A call"
    await service.until(lambda: {"v": 1, "type": "painted", "revision": service.revision} in service.heard)
    await page.get_by_role("button", name="I have seen it").click()
    await service.until(lambda: service.asks("pause.see"))
    assert service.asks("pause.see")[0]["pause"] == "p1"
    await service.show(MOMENT, LINE, notice("seen", ago(20), seen_at=ago(8), level="slow_down"))
    await expect(page.get_by_text(SCRIPT)).to_be_visible()
    await expect(page.get_by_text("seen after 12 s")).to_be_visible()
    await expect(page.get_by_text("What would help: slow down.")).to_be_visible()
    assert await page.title() == "A call"


async def test_nothing_on_the_therapists_page_ends_a_clients_pause(page: Page, service: Service) -> None:
    for stage in ("band", "louder", "full", "seen", "left"):
        await opened(page, service, notice(stage, ago(40), seen_at=ago(20)))
        names = await page.get_by_role("button").all_inner_texts()
        assert set(names) - {"I need a moment", "I have seen it", "Sound for pauses", "Leave"} == set()


async def test_a_notice_is_seen_by_its_chord_but_not_while_typing(page: Page, service: Service) -> None:
    await opened(page, service, notice("band", ago(1)))
    await page.get_by_role("textbox", name="Chat").focus()
    await page.keyboard.press("Alt+Shift+S")
    await page.get_by_role("button", name="Leave").focus()
    await page.keyboard.press("Alt+Shift+S")
    await service.until(lambda: service.asks("pause.see"))
    assert len(service.asks("pause.see")) == 1


async def test_a_name_is_shown_only_when_the_page_hands_it_over(page: Page, service: Service) -> None:
    await opened(page, service, notice("band", ago(1)))
    await expect(page.get_by_role("heading", name=ASKED)).to_be_visible()
    await page.evaluate("document.querySelector('fermata-overlay').names = {ana: 'Ana'}")
    await expect(page.get_by_role("heading", name="Ana asked for a pause.")).to_be_visible()


async def test_a_hidden_page_says_nothing_is_painted_until_it_is_in_front_again(
    page: Page, service: Service
) -> None:
    await opened(page, service)
    await page.evaluate(
        """() => {
          Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});
          document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    await service.until(lambda: {"v": 1, "type": "pong", "visible": False} in service.heard)
    await service.show(MOMENT, LINE, notice("band", ago(1)))
    await expect(page.get_by_role("heading", name=ASKED)).to_be_visible()
    painted = {"v": 1, "type": "painted", "revision": service.revision}
    for socket in service.sockets:
        await socket.send_json({"v": 1, "type": "ping"})
    await service.until(lambda: service.heard[-1] == {"v": 1, "type": "pong", "visible": False})
    assert painted not in service.heard
    await page.evaluate(
        """() => {
          delete document.visibilityState;
          document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )
    await service.until(lambda: painted in service.heard)


async def test_an_overlay_that_the_page_hides_is_never_reported_as_painted(
    page: Page, service: Service
) -> None:
    await opened(page, service)
    await page.evaluate("document.querySelector('#stage').style.setProperty('display', 'none')")
    await service.show(MOMENT, LINE, notice("band", ago(1)))
    for socket in service.sockets:
        await socket.send_json({"v": 1, "type": "ping"})
    await service.until(lambda: service.heard[-1]["type"] == "pong")
    assert {"v": 1, "type": "painted", "revision": service.revision} not in service.heard


async def test_a_silent_line_of_the_own_page_is_shown_as_down(page: Page, service: Service) -> None:
    await page.clock.install()
    await opened(page, service)
    await expect(page.get_by_text("Pause button ready")).to_be_visible()
    service.deaf = service.down = True
    await page.clock.fast_forward(10_500)
    await expect(page.get_by_text("The pause button's line is down.").first).to_be_visible()


async def test_at_thirty_seconds_the_picture_is_left_free_and_so_are_the_hosts_controls(
    page: Page, service: Service
) -> None:
    await page.set_viewport_size({"width": 1280, "height": 800})
    await opened(page, service)
    await service.show(MOMENT, LINE, notice("full", ago(30)))
    await expect(
        page.get_by_role("heading", name="Your client asked for a pause 30 seconds ago.")
    ).to_be_visible()
    left = "getComputedStyle(document.querySelector('#stage')).getPropertyValue('--fm-inset-left')"
    assert await page.evaluate(left) == "496px"
    middle_of_the_window = "document.elementFromPoint(880, 300).id"
    assert await page.evaluate(middle_of_the_window) == "video"
    await page.get_by_role("button", name="Leave").click()


async def test_the_therapists_own_moment_is_one_press_and_one_way_on(page: Page, service: Service) -> None:
    await opened(page, service)
    await page.get_by_role("button", name="I need a moment").click()
    await service.until(lambda: service.asks("pause.press"))
    moment = service.asks("pause.press")[0]["id"]
    await expect(page.locator("[aria-live=assertive]")).to_have_text(
        "Your moment is on its way to your client's screen."
    )
    await page.get_by_role("button", name="Go on").click()
    await service.until(lambda: service.asks("pause.resume"))
    assert service.asks("pause.resume")[0]["pause"] == moment


async def test_the_sound_can_be_switched_off_where_it_is_heard(page: Page, service: Service) -> None:
    await opened(page, service, notice("seen", ago(20), seen_at=ago(8)))
    sound = page.get_by_role("button", name="Sound for pauses")
    await expect(sound).to_have_attribute("aria-pressed", "true")
    await sound.click()
    await expect(sound).to_have_attribute("aria-pressed", "false")
