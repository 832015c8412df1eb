import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.sandbox.record import Refusal
from plugin.sandbox.record.documents import parse, written
from plugin.sandbox.record.json_value import Json, Resource
from plugin.sandbox.record.primitives import PRIMITIVES
from plugin.sandbox.record.writes import acceptable
from tests.sandbox.record import samples


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "date",
            ["2026", "2026-11", "2024-02-29"],
            ["26", "2026-13", "2023-02-29", "2026-11-23T10:00:00Z", "0000"],
        ),
        (
            "dateTime",
            ["2026", "2026-11-23", "2026-11-23T10:00:00+01:00"],
            ["2026-11-23T10:00Z", "2026-11-23T10:00:00"],
        ),
        ("instant", ["2026-11-23T10:00:00Z", "2026-11-23T10:00:00.123456-05:00"], ["2026-11-23", "2026"]),
        ("time", ["10:00:00", "23:59:59.5"], ["24:00:00", "10:00"]),
        ("id", ["a", "A-1.b"], ["", "a" * 65, "a_b", "a/b"]),
        ("code", ["a", "a b"], ["", " a", "a  b", "a "]),
        ("positiveInt", [1], [0, -1, True, 1.0]),
        ("unsignedInt", [0, 2**31 - 1], [-1, 2**31]),
        ("decimal", [1, 1.5, -2], [True, "1"]),
        ("base64Binary", ["AAAA"], ["A", "ä", "AAAA  " * 500 + "!"]),
        ("oid", ["urn:oid:1.2.3"], ["1.2.3"]),
        ("uuid", ["urn:uuid:0b1c63a3-7a4b-5c53-9f3b-6a3f1f8a2c11"], ["0b1c63a3-7a4b-5c53-9f3b-6a3f1f8a2c11"]),
    ],
)
def test_a_primitive_is_what_its_type_says(kind: str, good: list[Json], bad: list[Json]) -> None:
    assert [value for value in good if not PRIMITIVES[kind](value)] == []
    assert [value for value in [*bad, None, [], {}] if PRIMITIVES[kind](value)] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' + b"[" * 70 + b"1" + b"]" * 70 + b"}",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=range(14),
)
def test_a_body_that_others_would_not_read_is_not_read(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        parse(body)
    assert refused.value.status == 400


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=4))
def test_what_is_read_is_what_was_written(document: Resource) -> None:
    assert parse(written(document)) == document


@given(st.sampled_from(samples.every()), st.text(max_size=12), values)
def test_whatever_stands_in_a_resource_the_answer_is_yes_or_a_refusal(
    resource: Resource, name: str, value: Json
) -> None:
    kind = str(resource["resourceType"])
    places = [name, *resource]
    for place in places:
        answer = refusal({**resource, place: value}, kind)
        assert answer is None or (answer.status == 400 and answer.issues)


def refusal(resource: Resource, kind: str) -> Refusal | None:
    try:
        acceptable(resource, kind)
    except Refusal as refused:
        return refused
    return None
