"""Every result as a plain document: what it says, what it leaves out, and that it fits what is published."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from plugin.core.orders import Result
from plugin.results.documents import document_of
from plugin.results.identifiers import identifier_of
from plugin.results.schema import schema
from plugin.sandbox.results.shape import fits
from tests.results import samples

PUBLISHED = Path(__file__).parents[2] / "docs" / "results.schema.json"
ALL: dict[str, Result] = {
    "pulse": samples.pulse(),
    "mirror": samples.mirror(),
    "counted": samples.counted(),
    "pause": samples.pause(),
    "moment": samples.moment_of_the_therapist(),
    "consent": samples.consent(),
}


def sent(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(raw(result))
    return document


def raw(result: Result) -> bytes:
    own = identifier_of(samples.order(), result, secret=samples.SECRET)
    return document_of(result, own, order=samples.order(), tenant="north", secret=samples.SECRET)


def published_takes(document: dict[str, Any]) -> bool:
    whole = json.loads(PUBLISHED.read_text("utf-8"))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return bool(jsonschema.Draft202012Validator(whole, format_checker=checker).is_valid(document))


def test_the_published_schema_is_that_of_the_models() -> None:
    assert PUBLISHED.read_text("utf-8") == schema()
    jsonschema.Draft202012Validator.check_schema(json.loads(schema()))


@pytest.mark.parametrize("name", ALL)
def test_every_document_fits_the_published_schema_and_a_reading_of_it_that_is_not_ours(name: str) -> None:
    assert published_takes(sent(ALL[name]))
    assert fits(raw(ALL[name]))
    assert raw(ALL[name]) == raw(ALL[name].model_copy(deep=True))


BROKEN: dict[str, dict[str, Any]] = {
    "no person": {"person": ...},
    "an unknown field": {"colour": "red"},
    "another version": {"v": 2},
    "an unknown type": {"type": "diary"},
    "a score of eleven": {"answers": {"heard": 11}},
    "an empty text": {"answers": {"helpful": ""}},
    "a role nobody has": {"role": "stranger"},
    "an id in capitals": {"id": "0B0F5F0E-1F0A-4B38-9D25-5F1D3A2B4C5D"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_both_refuse_what_is_broken(name: str) -> None:
    broken = {**copy.deepcopy(sent(samples.pulse())), **BROKEN[name]}
    broken = {key: value for key, value in broken.items() if value is not ...}
    assert not published_takes(broken)
    assert not fits(json.dumps(broken).encode())


@pytest.mark.parametrize(
    "more", [{"person": "ana"}, {"session": samples.SESSION}, {"answers": {"a": "text"}}]
)
def test_both_refuse_a_counted_document_that_could_name_somebody(more: dict[str, Any]) -> None:
    named = {**sent(samples.counted()), **more}
    assert not published_takes(named)
    assert not fits(json.dumps(named).encode())


def test_a_survey_says_what_was_answered_and_nothing_of_what_was_skipped() -> None:
    assert sent(samples.pulse()) == {
        "v": 1,
        "id": identifier_of(samples.order(), samples.pulse(), secret=b"").removeprefix("urn:uuid:"),
        "type": "response",
        "session": samples.SESSION,
        "person": "ana",
        "role": "client",
        "instrument": "session-pulse",
        "version": "1",
        "authored": "2026-11-23T14:02:05.123Z",
        "answers": {
            "heard": 9,
            "way": 0,
            "off": {"code": "a_little"},
            "helpful": "Breathing slowly   with you",
        },
        "index": 72.5,
    }
    assert list(sent(samples.pulse())["answers"]) == ["heard", "way", "off", "helpful"]


def test_a_text_of_blanks_alone_and_a_missing_index_are_absent() -> None:
    blank = samples.pulse().model_copy(update={"answers": {"helpful": " \u3000\u0085 "}, "index": None})
    assert sent(blank)["answers"] == {}
    assert "index" not in sent(blank)


def test_a_counted_document_leads_to_nobody() -> None:
    said = sent(samples.counted())
    assert said.keys() == {"v", "id", "type", "instrument", "version", "authored", "answers", "pseudonym"}
    assert said["authored"] == "2026-11-23"
    assert said["answers"] == {"safe": 4, "off": {"code": "no"}}
    assert not re.search(rf"ana|north|never to the practice|{samples.SESSION}", json.dumps(said))


def test_a_pause_has_the_fields_of_its_record_and_what_did_not_happen_is_absent() -> None:
    said, moment = sent(samples.pause()), sent(samples.moment_of_the_therapist())
    assert said["seen_at"] == "2026-11-23T14:03:06.123Z"
    assert (said["unattended"], said["nudges"], said["outcome"]) == (True, 2, "resumed")
    assert said.keys() - moment.keys() == {"level", "resume_choice", "delivered_at", "seen_at"}
    assert moment["role"] == "therapist"
