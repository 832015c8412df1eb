"""How the record API says no: one exception, shown to the caller as an ``OperationOutcome``.

A message names the rule that was broken and where, never what stood there: the values are people's answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugin.sandbox.record.json_value import Json, Resource


@dataclass(frozen=True, slots=True)
class Issue:
    """One reason: ``code`` is of FHIR's issue types, ``expression`` a FHIRPath to the element, if there is one."""

    code: str
    text: str
    expression: str | None = None


class Refusal(Exception):
    """A request that is not done, with the HTTP status and the reasons."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        *,
        expression: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.issues: Sequence[Issue] = (Issue(code, text, expression),)
        self.headers = dict(headers or {})


def misshapen(issues: Sequence[Issue]) -> Refusal:
    """Refuse a body (400) with all that is wrong with it, at most 20 reasons."""
    refusal = Refusal(400, issues[0].code, issues[0].text)
    refusal.issues = tuple(issues[:20])
    return refusal


def outcome(issues: Sequence[Issue]) -> Resource:
    """Write the reasons as an ``OperationOutcome``."""
    listed: list[Json] = [_issue(issue) for issue in issues]
    return {"resourceType": "OperationOutcome", "issue": listed}


def _issue(issue: Issue) -> Resource:
    where: Resource = {"expression": [issue.expression]} if issue.expression else {}
    return {"severity": "error", "code": issue.code, "details": {"text": issue.text}, **where}
