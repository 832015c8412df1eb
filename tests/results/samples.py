"""Results of a call between Ana (client) and Ben (therapist)."""

from datetime import UTC, date, datetime, timedelta

from plugin.core.orders import Code, ConsentResult, CountedResult, PauseResult, ResponseResult
from webhooks.events import Role

SESSION = "7f1de1a8-5d3c-5a86-9d53-0a4a50a2d1b3"
SECRET = b"a secret of thirty-two bytes.   "
AT = datetime(2026, 11, 23, 14, 2, 5, 123456, tzinfo=UTC)

TODAY = AT.date()


def order(position: int = 7, index: int = 0) -> str:
    return f"{SESSION}:{position}:{index}"


def pulse() -> ResponseResult:
    return ResponseResult(
        instrument="session-pulse",
        version="1",
        person="ana",
        role=Role.CLIENT,
        authored=AT,
        answers={
            "helpful": "Breathing\u00a0slowly \u2028 with you\x00",
            "heard": 9,
            "way": 0,
            "off": Code(code="a_little"),
        },
        index=72.5,
    )


def mirror() -> ResponseResult:
    return ResponseResult(
        instrument="session-pulse-mirror",
        version="1",
        person="ben",
        role=Role.THERAPIST,
        authored=AT,
        answers={"heard": 8},
    )


def counted(day: date = TODAY) -> CountedResult:
    return CountedResult(
        instrument="session-pulse",
        version="1",
        person="ana",
        authored=day,
        answers={"safe": 4, "off": Code(code="no"), "more_of": "never to the practice"},
    )


def pause() -> PauseResult:
    return PauseResult(
        pause="0b0f5f0e-1f0a-4b38-9d25-5f1d3a2b4c5d",
        person="ana",
        role=Role.CLIENT,
        pressed_at=AT,
        accepted_at=AT + timedelta(milliseconds=40),
        delivered_at=AT + timedelta(milliseconds=90),
        seen_at=AT + timedelta(seconds=61),
        resumed_at=AT + timedelta(seconds=90),
        closed_at=AT + timedelta(seconds=90),
        level="slow_down",
        resume_choice="talk",
        outcome="resumed",
        unattended=True,
        path="ws",
        nudges=2,
    )


def moment_of_the_therapist() -> PauseResult:
    return pause().model_copy(
        update={
            "person": "ben",
            "role": Role.THERAPIST,
            "level": None,
            "resume_choice": None,
            "delivered_at": None,
            "seen_at": None,
            "unattended": False,
        }
    )


def consent(*, therapist: bool = True, practice: bool = False) -> ConsentResult:
    return ConsentResult(
        person="ana", version="1", given_at=AT, therapist_may_see=therapist, practice_may_count=practice
    )
