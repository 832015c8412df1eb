"""Standard Webhooks: ``v1,<base64 HMAC-SHA256>`` over ``id.timestamp.body``, once for each active secret.

While a secret is being replaced both sign, and a receiver that knows either of them can verify.
"""

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime


def signed_headers(id_: str, body: bytes, secrets: Iterable[bytes], now: datetime) -> dict[str, str]:
    """The headers of one attempt; the id stays over retries, the timestamp is the attempt's own."""
    stamp = str(int(now.timestamp()))
    content = b".".join((id_.encode(), stamp.encode(), body))
    signatures = (base64.b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
