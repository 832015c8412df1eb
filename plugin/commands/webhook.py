"""``fermata webhook verify``: check recorded deliveries of a host, in words or as JSON."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from plugin.commands.recordings import Recorded, Unusable, recorded
from plugin.commands.verdicts import Verdict, as_json, in_words, judge
from plugin.hosts import NAMES, listening
from webhooks.listening import Host


def add_webhook_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``webhook verify`` to the command line; the parsed arguments carry :func:`run` as ``run``."""
    webhook = subparsers.add_parser("webhook", help="look at a host's deliveries")
    verify = webhook.add_subparsers(dest="webhook_command", required=True).add_parser(
        "verify", help="check the signatures of recorded deliveries and show their facts"
    )
    verify.add_argument("--host", required=True, help=f"one of: {', '.join(sorted(NAMES))}")
    verify.add_argument("--key", action="append", default=[], metavar="ID=SECRET", help="may be repeated")
    verify.add_argument("--at", metavar="UNIX", help="check as if received then, not at received_at")
    verify.add_argument("--json", action="store_true", help="one JSON object a line")
    verify.add_argument("file", metavar="FILE", help="one JSON object a line; - reads standard input")
    verify.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check all deliveries of the file.

    Returns:
        0 when all are verified, 1 when one is refused, 2 when it could not be done.
    """
    try:
        host, secrets = _host(args.host), _secrets(args.key)
        lines = recorded(args.file, None if args.at is None else _moment(args.at))
    except Unusable as failure:
        print(f"fermata webhook verify: {failure}", file=sys.stderr)
        return 2
    verdicts = [(line, judge(host, secrets, line)) for line in lines]
    for text in _json(verdicts) if args.json else _words(host, secrets, verdicts):
        print(text)
    return 1 if _refused(verdicts) else 0


def _host(name: str) -> Host:
    if name not in NAMES:
        raise Unusable(f"no such host; known are {', '.join(sorted(NAMES))}")
    return listening(name)


def _secrets(pairs: Sequence[str]) -> dict[str, str]:
    secrets: dict[str, str] = {}
    for pair in pairs:
        key_id, _, secret = pair.partition("=")
        if not (key_id and key_id.isprintable() and secret) or key_id in secrets:
            raise Unusable("--key is ID=SECRET, each ID once")
        secrets[key_id] = secret
    if not secrets:
        raise Unusable("no secret given: say --key ID=SECRET")
    return secrets


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except (ValueError, OverflowError, OSError):
        raise Unusable("--at is a time in Unix seconds") from None


def _refused(verdicts: Sequence[tuple[Recorded, Verdict]]) -> int:
    return sum(verdict.refusal is not None for _, verdict in verdicts)


def _json(verdicts: Sequence[tuple[Recorded, Verdict]]) -> Iterator[str]:
    return (as_json(line, verdict) for line, verdict in verdicts)


def _words(
    host: Host, secrets: Mapping[str, str], verdicts: Sequence[tuple[Recorded, Verdict]]
) -> Iterator[str]:
    for key_id, secret in secrets.items():
        if flaw := host.weakness(secret):
            yield f"note: the secret of {key_id} {flaw}; the service does not start with it"
    for line, verdict in verdicts:
        yield from in_words(host, secrets, line, verdict)
    refused = _refused(verdicts)
    yield f"{len(verdicts) - refused} verified, {refused} refused"
