"""The generator's own WebSocket frames, against the library that the tests speak with."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from benchmarks.frames import TEXT, frame, split

payloads = st.one_of(st.binary(max_size=300), st.sampled_from([b"x" * 65_535, b"y" * 65_536, b"z" * 70_000]))


@given(payloads)
def test_a_frame_that_goes_up_is_read_by_others_as_one_whole_text(payload: bytes) -> None:
    reader = StreamReader()
    reader.feed_data(frame(payload))
    reader.feed_eof()
    parsing = Frame.parse(reader.read_exact, mask=True)
    try:
        while True:
            next(parsing)
    except StopIteration as end:
        found: Frame = end.value
    assert (found.opcode, found.fin, bytes(found.data)) == (Opcode.TEXT, True, payload)
    assert reader.at_eof()


@given(st.lists(payloads, max_size=4), st.lists(st.integers(0, 100_000), max_size=8))
def test_frames_that_come_down_in_any_pieces_are_found_whole_and_in_order(
    sent: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(Frame(Opcode.TEXT, payload).serialize(mask=False) for payload in sent)
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    found: list[tuple[int, bytes]] = []
    rest = b""
    for begin, end in pairwise(edges):
        frames, rest = split(rest + stream[begin:end])
        found += frames
    assert found == [(TEXT, payload) for payload in sent]
    assert rest == b""
