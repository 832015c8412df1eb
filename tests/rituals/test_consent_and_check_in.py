"""Consent before anything is kept, and the check-in that flips both cards together."""

from typing import Any

import pytest

from plugin.core.orders import ConsentResult, ResponseResult
from plugin.core.refusal import Refused
from tests.core.story import Story

WORDS: dict[str, Any] = {"feeling": "tense", "hope": "to feel calmer"}
THEIRS: dict[str, Any] = {"feeling": "steady", "hope": "to listen well"}


def opened() -> Story:
    return Story().start().consents()


def text(story: Story, person: str) -> str:
    return str(list(story.cards(person).values()))


def test_the_card_is_the_clients_alone_and_goes_with_a_choice() -> None:
    story = Story().start()
    assert "consent-card" in story.cards("C")
    assert "consent-card" not in story.cards("T")
    assert "consent-card" not in story.consents().cards("C")


def test_a_saved_choice_is_stored_once() -> None:
    story = Story().start().asks("C", "consent.answer", ask=7, choice="save", therapist=True, practice=False)
    story.asks("C", "consent.answer", ask=7, choice="save", therapist=True, practice=False)
    with pytest.raises(Refused, match="already_sent"):
        story.consents()
    assert [type(result) for result in story.results] == [ConsentResult]
    assert story.results[0].model_dump()["practice_may_count"] is False


@pytest.mark.parametrize("choice", ["save", "not_now"])
def test_a_no_means_no_check_in_and_no_survey(choice: str) -> None:
    story = Story().start()
    story.asks("C", "consent.answer", choice=choice, therapist=choice == "not_now", practice=False)
    assert "check-in" not in story.cards("C")
    story.ends().wait(30)
    assert "pulse-survey" not in story.cards("C")
    assert "pulse-survey" not in story.cards("T")
    with pytest.raises(Refused, match="no_consent"):
        story.asks("C", "survey.send", answers={"heard": 1}, sharing="therapist")


def test_only_the_client_can_agree() -> None:
    with pytest.raises(Refused, match="not_your_role"):
        Story().start().asks("T", "consent.answer", choice="save", therapist=True, practice=True)


def test_it_opens_once_both_are_linked_and_the_client_agreed() -> None:
    assert "check-in" not in Story().start().cards("C")
    assert opened().cards("C")["check-in"]["state"] == "open"
    assert opened().cards("T")["check-in"]["side"] == "therapist"
    assert "check-in" not in Story().joins("C").links("C").consents().cards("C")


def test_no_word_of_the_other_side_is_on_any_screen_before_the_flip() -> None:
    story = opened().asks("C", "checkin.answer", **WORDS)
    assert story.cards("C")["check-in"]["state"] == "waiting"
    assert "tense" not in text(story, "T")
    assert story.wait(119.9).cards("T")["check-in"]["state"] == "open"
    assert "tense" not in text(story, "T")


def test_both_cards_flip_when_both_have_shared() -> None:
    story = opened().asks("C", "checkin.answer", **WORDS).asks("T", "checkin.answer", **THEIRS)
    assert story.cards("C")["check-in"]["other"] == THEIRS
    assert story.cards("T")["check-in"]["other"] == WORDS
    stored = [result for result in story.results if isinstance(result, ResponseResult)]
    assert {result.person: result.answers for result in stored} == {"C": WORDS, "T": THEIRS}


def test_one_side_skips_and_the_others_words_show() -> None:
    story = opened().asks("T", "checkin.skip").asks("C", "checkin.answer", **WORDS)
    assert story.cards("T")["check-in"]["other"] == WORDS
    assert story.cards("C")["check-in"]["other"] == "passed"


def test_after_two_minutes_it_flips_with_what_was_sent() -> None:
    story = opened().asks("C", "checkin.answer", **WORDS).wait(120)
    assert story.cards("T")["check-in"]["other"] == WORDS
    with pytest.raises(Refused, match="too_late"):
        story.asks("T", "checkin.answer", **THEIRS)


def test_both_skip_and_nothing_is_shown_or_stored() -> None:
    story = opened().asks("C", "checkin.skip").asks("T", "checkin.skip")
    assert "check-in" not in story.cards("C")
    assert len(story.results) == 1


def test_words_shared_before_the_call_broke_off_are_not_lost() -> None:
    story = opened().asks("C", "checkin.answer", **WORDS).wait(20).ends().wait(120)
    assert [result.type for result in story.results] == ["consent", "response"]


def test_somebody_unexpected_stops_the_shared_cards_and_is_announced_quietly() -> None:
    story = opened().asks("C", "checkin.answer", **WORDS).joins("G").links("G")
    assert "check-in" not in story.cards("T")
    assert "check-in" not in story.cards("G")
    assert "guest-notice" in story.cards("T")
    assert "tense" not in text(story.wait(300), "T")


def test_empty_words_are_not_an_answer() -> None:
    with pytest.raises(Refused, match="malformed"):
        opened().asks("C", "checkin.answer", feeling="  ", hope="")


def test_the_turned_cards_go_by_themselves_after_a_while() -> None:
    story = opened().asks("C", "checkin.answer", **WORDS).asks("T", "checkin.skip").wait(121)
    assert "check-in" not in story.cards("C")
