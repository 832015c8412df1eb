"""How a server of the tests checks who its client is, to the letter."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

import jwt
from aiohttp import web

from tests.results import keys

CLIENT_SECRET = "handed-out:by the host/7f3a"
STATIC_TOKEN = "made-once-by-the-host-operator-0123456789"

Claims = list[dict[str, Any]]
"""The claims of every assertion so far, and how it was signed (`alg`)."""

Proof = Callable[[web.Request, Mapping[str, str], Claims], None]
"""Fails unless a request for a token proves its client."""


def assertion(request: web.Request, form: Mapping[str, str], earlier: Claims) -> None:
    text = form["client_assertion"]
    header = jwt.get_unverified_header(text)
    key = (keys.curve() if header["alg"] == "ES384" else keys.classic()).public_key()
    claims = jwt.decode(text, key, [header["alg"]], audience=str(request.url), options={"verify_exp": False})
    assert header["kid"] == "k1"
    assert claims["iss"] == claims["sub"] == "fermata"
    assert claims["jti"] not in [one["jti"] for one in earlier]
    assert 0 < claims["exp"] - claims["iat"] <= 300
    earlier.append({**claims, "alg": header["alg"]})


def in_header(request: web.Request, form: Mapping[str, str], _earlier: Claims) -> None:
    encoded = "fermata:" + quote_plus(CLIENT_SECRET)
    assert request.headers["Authorization"] == "Basic " + b64encode(encoded.encode()).decode()
    assert form.keys() == {"grant_type", "scope"}


def in_form(request: web.Request, form: Mapping[str, str], _earlier: Claims) -> None:
    assert "Authorization" not in request.headers
    assert (form["client_id"], form["client_secret"]) == ("fermata", CLIENT_SECRET)
    assert form.keys() == {"grant_type", "scope", "client_id", "client_secret"}


PROOFS: dict[str, Proof] = {
    "private_key_jwt": assertion,
    "client_secret_basic": in_header,
    "client_secret_post": in_form,
}
