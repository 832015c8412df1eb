"""Tokens put together by hand, to be wrong in one place."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import jwt

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
KEYS = {"o1": "k3y-for-tests-0123456789-abcdefghij", "o0": "an0ther-key-for-tests-0123456789-xy"}


def signed(header: dict[str, Any], claims: object, secret: str) -> str:
    parts = [encoded(json.dumps(part).encode()) for part in (header, claims)]
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return ".".join([*parts, encoded(mac.sign(".".join(parts).encode(), secret.encode()))])


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
