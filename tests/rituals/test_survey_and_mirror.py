"""The survey after the call, and the mirror that the client's answers wait for."""

from datetime import timedelta
from typing import Any

import pytest

from plugin import rituals
from plugin.core.orders import CountedResult, ResponseResult, Result
from plugin.core.refusal import Refused
from plugin.instruments.catalogue import index, instrument
from tests.core.story import Story, at

ANSWERS = {"heard": 7, "focus": 9, "way": 8, "safe": 4, "overall": 8}
PULSE = instrument("session-pulse")


def over() -> Story:
    """A call with consent that the host has just closed."""
    return Story().start().consents().wait(60).ends()


def sent(story: Story, **more: object) -> Story:
    wish: dict[str, Any] = {"answers": ANSWERS, "sharing": "therapist", **more}
    return story.asks("C", "survey.send", **wish)


def responses(story: Story) -> list[Result]:
    return [r for r in story.results if isinstance(r, ResponseResult | CountedResult)]


@pytest.mark.parametrize(("scores", "expected"), [
    ([10, 10, 10, 10, 10], 100.0), ([0, 0, 0, 0, 0], 0.0), ([9, 8, 9, 10, 9], 90.0),
    ([9, 8, None, 10, 9], 90.0), ([9, None, None, 10, 9], None), ([7, 9, 8, 4, 8], 72.0),
])  # fmt: skip
def test_the_index_is_ten_times_the_mean_of_at_least_four(
    scores: list[int | None], expected: float | None
) -> None:
    keys = ["heard", "focus", "way", "safe", "overall"]
    assert index(PULSE, {k: s for k, s in zip(keys, scores, strict=True) if s is not None}) == expected


@pytest.mark.parametrize("end", ["host", "leave", "tab", "both leave"])
def test_every_end_leads_to_the_survey(end: str) -> None:
    story = Story().start().consents().wait(60)
    match end:
        case "host":
            story.ends()
        case "leave":
            story.leaves("C")
        case "tab":
            story.unlinks("C").leaves("C", deliberate=False).wait(20)
        case "both leave":
            story.leaves("C").leaves("T")
    assert story.cards("C")["pulse-survey"]["form"] == "survey"


def test_a_reload_is_not_an_end() -> None:
    story = Story().start().consents().unlinks("C").leaves("C", deliberate=False).wait(5)
    story.joins("C", "again").links("C", "fresh").wait(60)
    assert "pulse-survey" not in story.cards("C")
    assert "pause-button" in story.cards("C")


def test_answers_wait_for_the_mirror_on_every_screen_and_in_every_order() -> None:
    story = sent(over())
    assert responses(story) == []
    assert "survey-answers" not in story.cards("T")
    story.asks("T", "mirror.send", answers={"heard": 8, "off": "no"})
    story.wait(0)
    assert [r.model_dump()["instrument"] for r in responses(story)] == [
        "session-pulse-mirror",
        "session-pulse",
    ]
    shown = story.cards("T")["survey-answers"]
    assert shown["state"] == "shown"
    assert story.cards("C")["call-end"]["says"] == "sent"


def test_the_index_and_the_answers_are_stored_as_sent() -> None:
    story = sent(over()).asks("T", "mirror.skip").wait(0)
    (stored,) = responses(story)
    assert isinstance(stored, ResponseResult)
    assert (stored.answers, stored.index, stored.person) == (ANSWERS, 72.0, "C")


def test_the_therapists_windows_gone_for_twenty_seconds_count_as_a_skip() -> None:
    story = sent(over()).unlinks("T").wait(19.9)
    assert responses(story) == []
    assert len(responses(story.wait(0.2))) == 1


def test_fifteen_minutes_after_the_end_it_is_stored_in_any_case() -> None:
    story = sent(over()).wait(899)
    assert responses(story) == []
    assert len(responses(story.wait(2))) == 1


def test_the_answers_wait_for_a_therapist_who_is_still_in_the_room() -> None:
    story = Story().start().consents().leaves("C")
    assert "pulse-survey" not in sent(story).wait(3600).cards("T")
    with pytest.raises(Refused, match="not_due"):
        story.asks("T", "mirror.skip")
    assert responses(story) == []
    assert story.leaves("T").cards("T")["pulse-survey"]["form"] == "mirror"


def test_each_answer_goes_where_its_owner_said() -> None:
    answers = {
        **ANSWERS,
        "off": "a_little",
        "off_kind": "too_fast",
        "helpful": "the pause",
        "more_of": "quiet minutes",
    }
    each = {"safe": "practice", "more_of": "private", "off": "private", "way": "private"}
    story = sent(over(), answers=answers, each=each).asks("T", "mirror.skip").wait(0)
    shared, counted = responses(story)
    assert isinstance(shared, ResponseResult)
    assert isinstance(counted, CountedResult)
    assert shared.answers == {
        "heard": 7,
        "focus": 9,
        "overall": 8,
        "helpful": "the pause",
    }
    assert shared.index is None
    assert counted.answers == {"safe": 4}
    assert "quiet minutes" not in str(list(story.cards("T").values()))


def test_open_texts_are_never_counted() -> None:
    story = sent(over(), answers={"helpful": "the pause", "heard": 5}, sharing="practice").asks(
        "T", "mirror.skip"
    )
    (counted,) = responses(story.wait(0))
    assert counted.model_dump()["answers"] == {"heard": 5}


def test_all_private_is_stored_nowhere_and_the_therapist_learns_only_that_there_is_nothing() -> None:
    private = sent(over(), sharing="private").asks("T", "mirror.skip").wait(60)
    skipped = over().asks("C", "survey.skip").asks("T", "mirror.skip").wait(60)
    assert responses(private) == responses(skipped) == []
    assert private.cards("T") == skipped.cards("T")
    assert private.cards("T")["survey-answers"]["state"] == "none"


def test_a_probe_without_a_moment_asks_nothing_more() -> None:
    story = sent(over(), answers={"off": "no", "off_kind": "too_fast"}).asks("T", "mirror.skip").wait(0)
    assert responses(story)[0].model_dump()["answers"] == {"off": {"code": "no"}}


@pytest.mark.parametrize("answers", [
    {"heard": 11}, {"heard": -1}, {"heard": "5"}, {"heard": True}, {"off": "maybe"}, {"helpful": "x" * 501},
    {"unknown": 1}, {"helpful": 3},
])  # fmt: skip
def test_unfit_answers_are_refused_and_nothing_is_taken(answers: dict[str, object]) -> None:
    story = over()
    with pytest.raises((Refused, ValueError)):
        sent(story, answers=answers)
    assert "pulse-survey" in story.cards("C")


def test_sent_is_final_and_never_twice() -> None:
    story = over().asks("C", "survey.send", ask=5, answers=ANSWERS, sharing="therapist")
    story.asks("C", "survey.send", ask=5, answers=ANSWERS, sharing="therapist")
    with pytest.raises(Refused, match="already_sent"):
        sent(story)
    assert "pulse-survey" not in story.cards("C")


def test_the_survey_stays_open_for_a_day() -> None:
    story = over().unlinks("C").wait(23 * 3600).links("C", "link")
    assert "pulse-survey" in story.cards("C")
    assert "pulse-survey" not in story.wait(2 * 3600).cards("C")
    with pytest.raises(Refused, match="too_late"):
        sent(story)


def test_a_client_who_left_in_a_pause_finds_the_survey_only_as_a_link() -> None:
    story = Story().start().consents().asks("C", "pause.press", ask=1).leaves("C")
    assert story.cards("C")["pulse-survey"]["quiet"] is True
    assert story.cards("C")["call-end"] == {
        "card": "call-end",
        "says": "left_in_pause",
        "back": True,
        "survey": True,
    }


def test_a_guest_gets_no_survey() -> None:
    story = Story().start().consents().joins("G").links("G").ends()
    assert "pulse-survey" not in story.cards("G")
    with pytest.raises(Refused, match="not_your_role"):
        story.asks("G", "survey.send", answers=ANSWERS, sharing="therapist")


def test_own_copies_are_forgotten_in_their_time() -> None:
    due = rituals.forget_at(over().session)
    days = {kind: (moment - at(60)) // timedelta(days=1) for kind, moment in due.items()}
    assert days == {"checkin": 30, "pause": 90, "text": 180, "score": 730, "call": 730}
    refused = Story().start().asks("C", "consent.answer", choice="not_now", therapist=False, practice=False)
    assert rituals.forget_at(refused.wait(60).ends().session)["pause"] == at(60)
