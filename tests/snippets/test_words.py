"""The words of the overlay: easy to read, complete, and free of markup."""

import json
import re
from pathlib import Path

import pytest
import textstat

SNIPPETS = Path(__file__).parents[2] / "ui-snippets"
CLIENT = (
    "pause-button",
    "pause-sheet",
    "moment-notice",
    "consent-card",
    "check-in",
    "soft-ending",
    "call-end",
)
TAGS = sorted(path.parents[1].name for path in SNIPPETS.glob("*/words/en.json"))
AGREED = "If you are in danger, call your local emergency number."
"""Fixed by the safety rules; its two long words are what people look for."""
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def words(tag: str, lang: str = "en") -> dict[str, str | dict[str, str]]:
    loaded: dict[str, str | dict[str, str]] = json.loads(
        (SNIPPETS / tag / "words" / f"{lang}.json").read_text("utf-8")
    )
    return loaded


def sentences(tag: str) -> list[str]:
    """Every text of a snippet with its placeholders filled as a person would read them."""
    forms = [
        form
        for value in words(tag).values()
        for form in ([value] if isinstance(value, str) else value.values())
    ]
    lines = [line for form in forms for line in re.split(r"[\n|]", form)]
    return [PLACEHOLDER.sub("two", line) for line in lines if line]


def grade(text: str) -> float:
    return float(textstat.flesch_kincaid_grade(text))


def test_what_clients_read_is_easy_as_a_whole() -> None:
    copy = " ".join(
        line if line.endswith((".", "?")) else f"{line}." for tag in CLIENT for line in sentences(tag)
    )
    assert grade(copy) <= 4


@pytest.mark.parametrize("tag", CLIENT)
def test_every_sentence_a_client_reads_is_easy(tag: str) -> None:
    """One word alone has no grade that means anything, so whole sentences are looked at."""
    looked_at = [line for line in sentences(tag) if len(line.split()) >= 5 and line != AGREED]
    hard = {line: grade(line) for line in looked_at if grade(line) > 6}
    assert hard == {}


@pytest.mark.parametrize("tag", TAGS)
def test_words_are_plain_text_with_the_plural_forms_of_their_language(tag: str) -> None:
    for key, value in words(tag).items():
        assert not re.search(r"[<>&]", json.dumps(value)), key
        if isinstance(value, dict):
            assert set(value) == {"one", "other"}, key


@pytest.mark.parametrize("tag", TAGS)
def test_every_language_has_the_keys_and_placeholders_of_english(tag: str) -> None:
    english = words(tag)
    for path in (SNIPPETS / tag / "words").glob("*.json"):
        other = words(tag, path.stem)
        assert other.keys() == english.keys(), path
        for key, value in other.items():
            found = set(PLACEHOLDER.findall(json.dumps(value)))
            assert found == set(PLACEHOLDER.findall(json.dumps(english[key]))), f"{path}: {key}"


def test_no_word_of_alarm_is_used() -> None:
    banned = re.compile(
        r"\b(trigger\w*|incident|alert|alarm|emergency call|patient|non-response|failed|error)\b", re.I
    )
    found = [line for tag in TAGS for line in sentences(tag) if banned.search(line)]
    assert found == []


def test_the_sentences_of_the_pause_are_exactly_those_agreed() -> None:
    """CLINICAL §7.1, §7.3 and §7.4, to the letter."""
    says = {
        key.removeprefix("says_"): value
        for key, value in words("pause-sheet").items()
        if key.startswith("says_")
    }
    okay = "You can mute, turn off your camera, or leave at any time. That is okay."
    assert says == {
        "on_its_way": "Your pause is on its way. You do not need to say anything.",
        "delivered": "On your therapist's screen.",
        "seen": "Your therapist has seen it. Take the time you need.",
        "not_sent": "We could not send your pause. Please say it out loud, wave, or leave the call. "
        "You are free to stop.",
        "therapist_gone": "Your therapist is not on the call right now. You can wait, or leave. That is okay.",
        "unreachable": "We cannot reach your therapist's screen. You can say it out loud, wave, or leave. "
        "That is okay.",
        "hidden": "It reached your therapist's computer, but the call is not in front of them. "
        "You can say it out loud or wave.",
        "trying": f"We are still trying to reach your therapist. {okay}",
        "not_tapped": f"It is on your therapist's screen, but they have not tapped yet. {okay}",
        "not_answered": "Your therapist has not answered yet. You can say the word pause out loud, wave, "
        "or leave the call.",
        "taken_back": "Taken back.",
        "alone_not_yet": "No one is in the call yet.",
        "alone_over": "The call is over.",
        "too_old": "Your pause was not sent. It was too long ago. You can press again.",
    }
