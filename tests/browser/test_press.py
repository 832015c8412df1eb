"""The client's press over a real socket and over POST, and the truth on their page at each step."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.browser.looking import pause_button, reads, region, sentence_now, sheet
from tests.browser.pretend_service import READY, Posting, Service

FALLBACK = "The pause button is not here right now."


async def opened(page: Page, service: Service, *, still: bool = False) -> None:
    """Open the call page; ``still`` stops its clock, so that time passes only where a test says so."""
    if still:
        await page.clock.install()
    await page.goto(service.base)
    await expect(pause_button(page)).to_be_visible()
    if still:
        await page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=5))


async def test_the_words_of_the_page_stand_until_the_service_is_there_and_then_the_button_comes(
    page: Page, service: Service
) -> None:
    service.down = True
    await page.goto(service.base)
    await service.until(lambda: sum(frame["type"] == "exchange" for frame in service.heard) >= 2)
    await expect(page.get_by_text(FALLBACK)).to_be_visible()
    await expect(pause_button(page)).to_have_count(0)
    service.down = False
    await expect(pause_button(page)).to_be_visible(timeout=20_000)
    await expect(page.get_by_text(FALLBACK)).to_be_hidden()


async def test_a_press_changes_the_own_page_before_anything_is_sent(page: Page, service: Service) -> None:
    await opened(page, service)
    now = await page.evaluate(
        """() => {
          const overlay = document.querySelector('fermata-overlay').shadowRoot;
          const stage = overlay.querySelector('overlay-stage').shadowRoot;
          stage.querySelector('pause-button').shadowRoot.querySelector('button').click();
          return stage.querySelector('pause-sheet').shadowRoot.querySelector('[aria-live]').textContent;
        }"""
    )
    assert now == "Your pause is on its way. You do not need to say anything."


async def test_the_words_follow_the_service_once_it_has_the_press(page: Page, service: Service) -> None:
    await opened(page, service)
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    press = service.asks("pause.press")[0]
    assert press["age_ms"] < 5000
    for state in ("delivered", "seen"):
        await service.show({**READY, "state": "open"}, sheet(press["id"], state, state))
        await reads(page, state)
    await expect(region(page)).to_have_count(1)
    await service.show(READY)
    await expect(page.get_by_role("group", name="When you are ready")).to_have_count(0)
    assert await sentence_now(page) == ""


@pytest.mark.parametrize("posting", ["html", "redirect", "empty", "hang"])
async def test_nothing_but_an_answer_with_the_same_id_counts_as_accepted(
    page: Page, service: Service, posting: Posting
) -> None:
    await opened(page, service, still=True)
    service.deaf, service.posting = True, posting
    await pause_button(page).click()
    await page.clock.run_for(2900)
    await reads(page, "on_its_way")
    await page.clock.run_for(500)
    await service.until(lambda: service.posted)
    await reads(page, "not_sent")
    await page.clock.run_for(7000)
    await reads(page, "trying")


async def test_a_press_that_nobody_took_for_a_minute_is_dropped_and_the_page_says_so(
    page: Page, service: Service
) -> None:
    await opened(page, service, still=True)
    service.deaf, service.posting = True, "html"
    await pause_button(page).click()
    await service.until(lambda: service.posted)
    await page.clock.fast_forward(61_000)
    await reads(page, "too_old")
    sent = len(service.posted)
    await page.clock.run_for(30_000)
    assert len(service.posted) == sent
    await expect(page.get_by_role("button", name="Take it back")).to_have_count(0)


async def test_without_a_living_socket_the_post_goes_out_at_once(page: Page, service: Service) -> None:
    await opened(page, service, still=True)
    service.deaf = True
    await page.clock.run_for(2500)
    await pause_button(page).click()
    await service.until(lambda: service.posted and service.asks("pause.press") == [])
    post = service.posted[0]
    assert post["content_type"] == "text/plain"
    assert post["token"] == service.tokens[-1]
    await service.show({**READY, "state": "open"}, sheet(post["id"], "delivered", "delivered"))
    await reads(page, "delivered")


async def test_a_socket_that_takes_too_long_is_joined_by_a_post_and_the_press_stays_one(
    page: Page, service: Service
) -> None:
    await opened(page, service, still=True)
    await service.show(READY)
    service.reply = {}
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    assert service.posted == []
    await page.clock.run_for(1100)
    await service.until(lambda: service.posted)
    assert {frame["id"] for frame in [*service.posted, *service.asks("pause.press")]} == {
        service.posted[0]["id"]
    }


async def test_the_press_is_sent_again_when_the_service_comes_back(page: Page, service: Service) -> None:
    await opened(page, service)
    service.reply, service.posting = {}, "html"
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    await service.cut()
    await service.until(lambda: len(service.asks("pause.press")) > 1)
    first, second = service.asks("pause.press")[:2]
    assert first["id"] == second["id"]
    assert second["age_ms"] > first["age_ms"]


async def test_a_refused_press_says_why_in_words(page: Page, service: Service) -> None:
    await opened(page, service)
    service.reply = {"refused": "alone"}
    await pause_button(page).click()
    await reads(page, "alone_not_yet")
    await page.get_by_role("button", name="Close").click()
    assert await sentence_now(page) == ""


async def test_nobody_to_reach_sends_nothing_and_still_offers_something_to_do(
    page: Page, service: Service
) -> None:
    service.cards = [{**READY, "state": "alone", "why": "not_yet"}]
    await opened(page, service)
    await pause_button(page).click()
    await reads(page, "alone_not_yet")
    await expect(page.get_by_role("group", name="If you want something to do")).to_be_visible()
    await expect(page.get_by_text("If you are in danger, call your local emergency number.")).to_be_visible()
    assert service.asks("pause.press") == service.posted == []


async def test_an_undo_before_any_answer_takes_the_press_out_of_the_air(page: Page, service: Service) -> None:
    await opened(page, service)
    service.reply, service.posting = {}, "html"
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    await page.get_by_role("button", name="Take it back").click()
    await service.until(lambda: service.asks("pause.withdraw"))
    await reads(page, "on_its_way")  # it may be on the other screen: nothing says that it is taken back yet
    service.reply = {"refused": "no_such_pause"}
    await service.cut()
    await reads(page, "taken_back")
    assert len({frame["id"] for frame in service.asks("pause.press")}) == 1
    withdrawn = service.asks("pause.withdraw")[0]
    await service.show({**READY, "state": "open"}, sheet(withdrawn["pause"], "delivered", "delivered"))
    await service.until(lambda: len({frame["id"] for frame in service.asks("pause.withdraw")}) == 2)


async def test_the_undo_is_there_for_eight_seconds_and_nothing_moves_after(
    page: Page, service: Service
) -> None:
    await opened(page, service, still=True)
    await pause_button(page).click()
    undo = page.get_by_role("button", name="Take it back")
    await expect(undo).to_be_visible()
    top = await region(page).bounding_box()
    await page.clock.run_for(8200)
    await expect(undo).to_have_count(0)
    await expect(page.get_by_text("Only you see this panel")).to_be_visible()
    assert await region(page).bounding_box() == top


async def test_a_double_tap_is_one_press_and_a_later_press_is_a_nudge(page: Page, service: Service) -> None:
    await opened(page, service, still=True)
    await pause_button(page).click()
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    await page.clock.run_for(2500)
    await pause_button(page).click()
    await service.until(lambda: len(service.asks("pause.press")) == 2)
    await pause_button(page).click()
    await page.clock.run_for(5500)
    await pause_button(page).click()
    await service.until(lambda: len(service.asks("pause.press")) == 3)
    assert len({frame["id"] for frame in service.asks("pause.press")}) == 3


async def test_only_the_choice_ends_it_and_an_unsent_choice_is_said(page: Page, service: Service) -> None:
    await opened(page, service, still=True)
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    press = service.asks("pause.press")[0]["id"]
    await service.show({**READY, "state": "open"}, sheet(press, "seen", "seen"))
    await reads(page, "seen")
    service.reply, service.posting = {}, "html"
    await page.get_by_role("group", name="When you are ready").get_by_role("button", name="Slower").click()
    await service.until(lambda: service.asks("pause.resume"))
    await page.clock.run_for(3200)
    await expect(
        page.get_by_text("Your choice is not sent yet. You can say it out loud.").first
    ).to_be_visible()
    await reads(page, "seen")
    service.posting = "answer"
    await page.clock.run_for(8000)
    await expect(page.get_by_role("group", name="When you are ready")).to_have_count(0)
    assert {"pause": press, "choice": "slower"}.items() <= service.asks("pause.resume")[0].items()


async def test_what_would_help_is_sent_once_the_press_is_kept(page: Page, service: Service) -> None:
    await opened(page, service)
    service.reply, service.posting = {}, "html"
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    await page.get_by_role("radio", name="Change the topic").check()
    press = service.asks("pause.press")[0]["id"]
    service.reply = {"ok": True}
    await service.cut()
    await service.until(lambda: service.asks("pause.level"))
    level = service.asks("pause.level")[0]
    assert (level["pause"], level["level"]) == (press, "change_topic")


async def test_a_client_whose_sockets_are_blocked_can_press_all_the_same(
    page: Page, service: Service
) -> None:
    await page.route_web_socket("**/v1/live", lambda socket: socket.close())
    await opened(page, service)
    await pause_button(page).click()
    await service.until(lambda: service.posted)
    assert service.posted[0]["kind"] == "pause.press"


async def test_a_refused_token_is_renewed_with_the_last_one_though_the_hosts_has_expired(
    page: Page, service: Service
) -> None:
    await opened(page, service)
    old = service.tokens[-1]
    service.good.discard("host-token")
    service.expired.add(old)
    await service.cut()
    await service.until(lambda: {"type": "exchange", "token": old} in service.heard)
    await service.until(lambda: service.heard[-1]["type"] != "exchange" and len(service.sockets) == 1)
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))


async def test_no_cookie_no_storage_and_no_token_in_an_address(page: Page, service: Service) -> None:
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    await opened(page, service)
    await pause_button(page).click()
    await service.until(lambda: service.asks("pause.press"))
    kept = await page.evaluate("JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
    assert json.loads(kept) == ["", {}, {}]
    assert not [url for url in seen if "token-" in url or "host-token" in url]
    assert all(url.startswith(service.base) or url.startswith("data:") for url in seen)
