"""``fermata webhook``: check recorded deliveries of a host, or send some the way it does."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from plugin.commands.recordings import Recorded, Unusable, recorded
from plugin.commands.sending import send
from plugin.commands.verdicts import Verdict, as_json, in_words, judge
from plugin.hosts import NAMES, listening
from webhooks.listening import Host


def add_webhook_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``webhook verify`` and ``webhook send``; the parsed arguments carry what runs them as ``run``."""
    webhook = subparsers.add_parser(
        "webhook", help="look at a host's deliveries, or send one as the host does"
    )
    commands = webhook.add_subparsers(dest="webhook_command", required=True)
    verify = commands.add_parser("verify", help="check recorded deliveries and show their facts")
    verify.add_argument("--at", metavar="UNIX", help="check as if received then, not at received_at")
    verify.add_argument("--url", help="the address that the sender was given, where it signs it")
    verify.set_defaults(run=run)
    send = commands.add_parser("send", help="sign deliveries anew and send them, to try an installation")
    send.add_argument("--url", required=True, help="where to: the address that the host would be given")
    send.set_defaults(run=run_send)
    for command in (verify, send):
        command.add_argument("--host", required=True, help=f"one of: {', '.join(sorted(NAMES))}")
        command.add_argument(
            "--key", action="append", default=[], metavar="ID=SECRET", help="may be repeated"
        )
        command.add_argument("--json", action="store_true", help="one JSON object a line")
        command.add_argument("file", metavar="FILE", help="one JSON object a line; - reads standard input")


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
    lines = [_addressed(line, args.url) if args.url else line for line in lines]
    verdicts = [(line, judge(host, secrets, line)) for line in lines]
    for text in _json(verdicts) if args.json else _words(host, secrets, verdicts):
        print(text)
    return 1 if _refused(verdicts) else 0


def run_send(args: argparse.Namespace) -> int:
    """Send all deliveries of the file, signed anew with the first secret.

    Returns:
        0 when all are kept, 1 when one is refused, 2 when it could not be done.
    """
    try:
        host, secrets = _host(args.host), _secrets(args.key)
        lines = recorded(args.file, datetime.now(UTC))
        sent = asyncio.run(send(host, secrets, args.url, [line.delivery.body for line in lines]))
    except Unusable as failure:
        print(f"fermata webhook send: {failure}", file=sys.stderr)
        return 2
    for line, answer in zip(lines, sent, strict=True):
        print(answer.as_json(line.n) if args.json else answer.in_words(line.n))
    return 0 if all(answer.kept for answer in sent) else 1


def _addressed(line: Recorded, url: str) -> Recorded:
    """The line as sent to *url*; a query that the sender added itself stays."""
    _, mark, query = line.delivery.url.partition("?")
    whole = url if "?" in url else url + mark + query
    return replace(line, delivery=replace(line.delivery, url=whole))


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
