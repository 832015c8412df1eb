"""The letters of proofs: the part that was computed, and the same octets written in other ways."""

import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Iterator

_MAC = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}$")


def turned(letter: str) -> str:
    """Another letter or digit, one bit away where there is such."""
    return next(
        other
        for bit in (1, 2, 4, 8, 16, 32, 64)
        if (other := chr(ord(letter) ^ bit)).isalnum() and other != letter
    )


def mac(value: str) -> str:
    """The part of a proof that was computed or is secret: the long run of letters at its end."""
    found = _MAC.search(value)
    return found.group() if found else ""


def respelt(code: str) -> Iterator[tuple[str, str]]:
    """The same octets written in other ways."""
    if re.fullmatch(r"([0-9a-f]{2})+", code):
        octets = bytes.fromhex(code)
        yield "in_base64", b64encode(octets).decode()
    else:
        octets = _octets(code)
        yield "in_hex", octets.hex()
        yield "in_the_other_base64", code.translate(str.maketrans("+/-_", "-_+/"))
        yield "with_more_padding", code + "="
        yield "without_padding", code.rstrip("=")
        yield "with_spare_bits", _spared(code)
    yield "as_octal_digits", "".join(f"{octet:03o}" for octet in octets)


def _octets(code: str) -> bytes:
    text = code.rstrip("=")
    text += "=" * (-len(text) % 4)
    try:
        return urlsafe_b64decode(text) if re.search("[-_]", text) else b64decode(text)
    except ValueError:
        return code.encode()


def _spared(code: str) -> str:
    """The last letter changed in bits that mean nothing, where it has such."""
    text = code.rstrip("=")
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789":
        other = text[:-1] + letter + code[len(text) :]
        if other != code and _octets(other) == _octets(code):
            return other
    return code
