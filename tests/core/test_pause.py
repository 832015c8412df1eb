"""The pause: each sentence at its moment, each rule of who may do what."""

from typing import Any

import pytest

from plugin.core.refusal import Refused
from plugin.core.session import Session
from tests.core.story import Story, ask_event, uid
from webhooks.events import Role


def pressed() -> Story:
    return Story().start().wait(1).asks("C", "pause.press", ask=1)


def test_an_accepted_pause_is_on_its_way_until_it_is_painted() -> None:
    story = pressed()
    assert story.says() == "on_its_way"
    assert story.paints("T", 1).says() == "delivered"
    assert story.asks("T", "pause.see", pause=uid(1)).says() == "seen"


@pytest.mark.parametrize(("seconds", "undelivered", "delivered", "stage"), [
    (0, "on_its_way", "delivered", "band"),
    (9.9, "on_its_way", "delivered", "band"),
    (10, "trying", "not_tapped", "louder"),
    (29.9, "trying", "not_tapped", "louder"),
    (30, "trying", "not_answered", "full"),
    (3600, "trying", "not_answered", "full"),
])  # fmt: skip
def test_the_words_follow_the_time_since_the_press(
    seconds: float, undelivered: str, delivered: str, stage: str
) -> None:
    assert pressed().wait(seconds).says() == undelivered
    shown = pressed().paints("T", 1).wait(seconds)
    assert shown.says() == delivered
    assert shown.cards("T")["pause-notice"]["stage"] == stage


def test_the_clock_starts_at_the_press_not_at_its_arrival() -> None:
    story = Story().start().wait(20).asks("C", "pause.press", ask=1, age=12)
    assert story.says() == "trying"


def test_a_therapist_who_left_is_said_to_be_gone_at_once() -> None:
    assert pressed().unlinks("T").leaves("T").says() == "therapist_gone"
    assert pressed().unlinks("T").leaves("T", deliberate=False).says() == "therapist_gone"


def test_a_therapist_present_without_an_overlay_cannot_be_reached() -> None:
    assert pressed().unlinks("T").says() == "unreachable"
    assert pressed().restarts().links("C").says() == "unreachable"


def test_a_hidden_page_is_said_to_be_hidden_and_never_counts_as_delivered() -> None:
    story = pressed().turns("T", visible=False).paints("T", 1)
    assert story.says() == "hidden"
    assert story.session.pauses[uid(1)].delivered_at is None


def test_delivered_is_never_undone_but_the_words_change() -> None:
    story = pressed().paints("T", 1).unlinks("T")
    assert story.session.pauses[uid(1)].delivered_at is not None
    assert story.says() == "unreachable"
    assert story.links("T").says() == "delivered"


def test_a_therapist_who_never_came_leaves_the_client_alone() -> None:
    story = Story().joins("C").links("C")
    assert story.cards("C")["pause-button"]["state"] == "alone"
    with pytest.raises(Refused, match="alone"):
        story.asks("C", "pause.press", ask=1)


def test_a_press_after_the_end_is_refused() -> None:
    with pytest.raises(Refused, match="over"):
        Story().start().ends().asks("C", "pause.press", ask=1)


def test_a_press_older_than_a_minute_is_refused() -> None:
    with pytest.raises(Refused, match="too_old"):
        Story().start().wait(100).asks("C", "pause.press", ask=1, age=61)


def test_the_same_press_again_is_the_same_pause() -> None:
    story = pressed()
    before = story.session
    assert story.asks("C", "pause.press", ask=1).session == before


def test_a_second_press_nudges_at_most_once_in_five_seconds() -> None:
    story = pressed().wait(1).asks("C", "pause.press", ask=2)
    assert nudges(story.session) == 0
    story.wait(2).asks("C", "pause.press", ask=3)
    assert nudges(story.session) == 1
    story.wait(3).asks("C", "pause.press", ask=4).asks("C", "pause.press", ask=3)
    assert nudges(story.session) == 1
    story.wait(2.5).asks("C", "pause.press", ask=5)
    assert nudges(story.session) == 2
    assert len(story.session.pauses) == 1


def nudges(session: Session) -> int:
    return len(session.pauses[uid(1)].nudges)


def test_an_undo_within_eight_seconds_wins_even_over_a_choice_and_even_late() -> None:
    story = pressed().wait(5).asks("C", "pause.resume", pause=uid(1), choice="go_on")
    story.wait(20).asks("C", "pause.withdraw", pause=uid(1), age=20)
    assert story.session.pauses[uid(1)].outcome == "withdrawn"


def test_an_undo_after_eight_seconds_is_too_late() -> None:
    with pytest.raises(Refused, match="too_late"):
        pressed().wait(11).asks("C", "pause.withdraw", pause=uid(1))


def test_the_undo_is_offered_for_eight_seconds() -> None:
    assert pressed().wait(7.9).cards("C")["pause-sheet"]["undo"] is True
    assert pressed().wait(8).cards("C")["pause-sheet"]["undo"] is False


def test_taken_back_says_so_and_the_band_vanishes() -> None:
    story = pressed().paints("T", 1).wait(2).asks("C", "pause.withdraw", pause=uid(1))
    assert story.says() == "taken_back"
    assert "pause-notice" not in story.cards("T")
    assert "pause-sheet" not in story.wait(8).cards("C")


@pytest.mark.parametrize("kind", ["pause.resume", "pause.withdraw", "pause.level"])
def test_a_therapist_cannot_end_or_change_a_clients_pause(kind: str) -> None:
    extra: dict[str, dict[str, Any]] = {
        "pause.resume": {"choice": "go_on"},
        "pause.level": {"level": "pause"},
    }
    wish = ask_event("T", Role.THERAPIST, kind, uid(9), now=1, pause=uid(1), **extra.get(kind, {}))
    with pytest.raises(Refused, match="not_yours"):
        pressed().tell(wish)


def test_a_client_cannot_say_that_it_was_seen() -> None:
    with pytest.raises(Refused, match="not_your_role"):
        pressed().asks("C", "pause.see", pause=uid(1))


def test_a_person_who_joined_as_a_client_sees_nothing_with_a_token_that_says_therapist() -> None:
    forged = ask_event("C", Role.THERAPIST, "pause.see", uid(9), now=1, pause=uid(1))
    with pytest.raises(Refused, match="not_your_role"):
        pressed().tell(forged)


def test_the_choice_reaches_the_therapist_and_stop_leads_to_the_soft_ending() -> None:
    story = pressed().paints("T", 1).asks("C", "pause.resume", pause=uid(1), choice="stop")
    assert story.cards("T")["pause-notice"]["choice"] == "stop"
    assert "soft-ending" in story.cards("T")
    assert "soft-ending" in story.cards("C")


def test_stop_as_a_level_leaves_the_pause_open() -> None:
    story = pressed().asks("C", "pause.level", pause=uid(1), level="stop")
    assert story.session.pauses[uid(1)].open
    assert "soft-ending" not in story.cards("C")


def test_a_minute_unseen_is_marked_and_the_client_may_still_go_on() -> None:
    story = pressed().paints("T", 1).wait(60)
    assert story.session.pauses[uid(1)].unattended
    story.asks("C", "pause.resume", pause=uid(1), choice="slower")
    assert story.session.pauses[uid(1)].outcome == "resumed"


def test_leaving_or_reloading_leaves_the_pause_open_and_coming_back_finds_it() -> None:
    story = pressed().unlinks("C").leaves("C")
    assert story.cards("T")["pause-notice"]["stage"] == "left"
    assert story.cards("C")["call-end"]["says"] == "left_in_pause"
    story.wait(30).joins("C", "again").links("C", "fresh")
    assert story.says() == "trying"
    assert story.cards("T")["pause-notice"]["stage"] == "full"


def test_the_end_of_the_call_closes_an_open_pause() -> None:
    story = pressed().ends()
    assert story.session.pauses[uid(1)].outcome == "expired"


def test_two_windows_show_the_same_and_the_last_one_counts() -> None:
    story = pressed().links("T", "second").turns("T", visible=False)
    assert story.says() == "on_its_way"
    assert story.unlinks("T", "second").says() == "hidden"


def test_the_therapists_own_pause_is_shown_to_the_client_in_plain_words() -> None:
    story = Story().start().asks("T", "pause.press", ask=1)
    assert "moment-notice" in story.cards("C")
    assert "pause-notice" not in story.cards("T")
    with pytest.raises(Refused, match="not_yours"):
        story.asks("C", "pause.resume", pause=uid(1), choice="go_on")


def test_a_pause_of_a_client_who_agreed_is_stored_once_a_minute_after_its_close() -> None:
    story = Story().start().consents().asks("C", "pause.press", ask=1).paints("T", 1)
    story.wait(3).asks("C", "pause.resume", pause=uid(1), choice="talk")
    assert kinds(story) == ["consent"]
    assert kinds(story.wait(120).ends().wait(60)) == ["consent", "pause"]


def test_a_pause_of_a_client_who_did_not_agree_is_never_stored_nor_noted() -> None:
    story = pressed().asks("C", "consent.answer", choice="not_now", therapist=True, practice=True)
    story.wait(5).ends().wait(3600)
    assert kinds(story) == []
    assert "pause-notes" not in story.cards("T")


def kinds(story: Story) -> list[str]:
    return [result.type for result in story.results]


def test_three_pauses_give_the_therapist_a_quiet_hint_after_the_call() -> None:
    story = Story().start().consents()
    for number in (1, 2, 3):
        story.asks("C", "pause.press", ask=number).asks(
            "C", "pause.resume", pause=uid(number), choice="go_on"
        )
    notes = story.ends().cards("T")["pause-notes"]
    assert notes["hint"] is True
