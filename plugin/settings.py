"""Settings: from ``FERMATA_*`` in the environment or one TOML file with the same names.

A setting that is missing, weak or unknown stops the start with one line that names it and never repeats its
value.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import from_json

from plugin.hosts import NAMES, listening, named
from plugin.hosts.host import Askable, Registering
from plugin.keys import master_key, pairs, strong
from plugin.results_settings import Part, ResultsSettings, Url, safe_url

PREFIX = "FERMATA_"

CONFIG = PREFIX + "CONFIG"
"""Names the file; ``--config`` wins over it."""


class Misconfigured(Exception):
    """The service cannot start with these settings; the message is one line and holds no value."""


def _origin(text: str) -> str:
    url = urlsplit(safe_url(text))
    if url.path or url.netloc.lower() != url.netloc:
        raise ValueError("must be origins such as https://calls.example, in lower case and without a path")
    return text.rstrip("/")


def _listed(given: object) -> object:
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else given


def _from_json(given: object) -> object:
    try:
        return from_json(given) if isinstance(given, str) else given
    except ValueError:
        raise ValueError("is not JSON") from None


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Keys = Annotated[Mapping[str, str], BeforeValidator(pairs), Field(min_length=1, repr=False)]
StrongKeys = Annotated[Keys, AfterValidator(strong)]
MasterKeys = Annotated[Keys, AfterValidator(master_key)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_listed)]


class HostSettings(Part):
    """One host platform of one practice."""

    tenant: Name
    host: Name
    url: Url
    webhook_keys: Keys
    webhook_window: int | None = Field(default=None, ge=1, le=90_000)
    """Seconds that a delivery's stamp may be late; left out, as long as this host tries again."""
    webhook_url: Url | None = None
    """The address that the host was given, where a gateway makes it another one than ours; some hosts sign it."""
    token_keys: StrongKeys
    account: Annotated[Mapping[str, object] | None, Field(repr=False)] = None
    """Who we are to the host's own API, in the host's own terms; without it the host is not asked who is inside."""
    results: ResultsSettings | None = None

    def as_account(self) -> BaseModel | None:
        """The account as the host file reads it; raises ``ValueError``."""
        if self.account is None:
            return None
        speaking = named(self.host)
        if not isinstance(speaking, Askable | Registering):
            raise ValueError("account must be left out: this host has no API to ask")
        try:
            return speaking.Account.model_validate(self.account)
        except ValidationError as refusal:
            raise ValueError(f"account.{_first(refusal)}") from None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.host not in NAMES:
            raise ValueError(f"there is no such host, only {', '.join(sorted(NAMES))}")
        for place, secret in enumerate(self.webhook_keys.values(), start=1):
            if weakness := listening(self.host).weakness(secret):
                raise ValueError(f"key {place} of webhook_keys {weakness}")
        self.as_account()
        return self


class StoreSettings(Part):
    """Where the journal is and what opens it."""

    model_config = ConfigDict(extra="ignore")

    data: Path = Path(".fermata")
    journal: str = ""
    master_keys: MasterKeys

    @field_validator("journal")
    @classmethod
    def _engine(cls, url: str) -> str:
        if url and not url.startswith("sqlite:///"):
            raise ValueError("must be sqlite:///path")
        return url

    @property
    def journal_file(self) -> Path:
        """Where the journal lies."""
        return Path(self.journal.removeprefix("sqlite:///")) if self.journal else self.data / "journal.db"


class Settings(StoreSettings):
    """Everything that an installation decides."""

    model_config = ConfigDict(extra="forbid")

    bind: str = "127.0.0.1"
    port: int = Field(default=8787, ge=0, le=65535)
    public_url: Url | None = None
    origins: Origins = ()
    token_keys: StrongKeys
    pseudonym_key: Annotated[str, Field(repr=False)]
    hosts: Annotated[tuple[HostSettings, ...], BeforeValidator(_from_json), Field(min_length=1)]

    @model_validator(mode="after")
    def _together(self) -> Self:
        strong({"": self.pseudonym_key}, name="pseudonym_key")
        if len({(each.tenant, each.host) for each in self.hosts}) < len(self.hosts):
            raise ValueError("hosts: the same tenant and host stand there twice")
        secrets = [secret for each in self.hosts for secret in each.token_keys.values()]
        if len(set(secrets)) < len(secrets):
            raise ValueError("hosts: two share a secret of token_keys, so a token would not tell whose it is")
        return self

    @property
    def own_url(self) -> str:
        """The service's address as others know it, without a slash at its end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The origins whose pages may speak to the service: the configured ones and its own."""
        own = urlsplit(self.own_url)
        return frozenset({*self.origins, f"{own.scheme}://{own.netloc}"})


Kind = TypeVar("Kind", bound=StoreSettings)


def load(kind: type[Kind], config: Path | None = None, **given: object) -> Kind:
    """Read the settings: what is *given* wins over the environment, the environment over the file.

    Raises ``Misconfigured``.
    """
    unknown = {name for name in os.environ if name.startswith(PREFIX)} - _NAMES
    if unknown:
        raise Misconfigured(f"{min(unknown)}: there is no such setting")
    environment = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX) and name != CONFIG
    }
    try:
        return kind.model_validate({**(_document(config) if config else {}), **environment, **given})
    except ValidationError as refusal:
        raise Misconfigured(_one_line(refusal)) from None


_WORDS = {"missing": "is missing", "extra_forbidden": "there is no such setting"}
_NAMES = {PREFIX + name.upper() for name in Settings.model_fields} | {CONFIG}


def _document(config: Path) -> dict[str, object]:
    try:
        document = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as refusal:
        raise Misconfigured(f"the settings file cannot be read ({refusal.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise Misconfigured("the settings file is not TOML") from None
    return {name.lower().removeprefix(PREFIX.lower()): value for name, value in document.items()}


def _one_line(refusal: ValidationError) -> str:
    said = _first(refusal)
    setting, _, says = said.partition(": ")
    place, dot, rest = setting.partition(".")
    return f"{PREFIX}{place.upper()}{dot}{rest}: {says}"


def _first(refusal: ValidationError) -> str:
    """The first fault as ``place: words``; it holds no value."""
    first = refusal.errors(include_url=False, include_context=False, include_input=False)[0]
    says = _WORDS.get(first["type"], first["msg"]).removeprefix("Value error, ")
    path = ".".join(str(part) for part in first["loc"])
    return f"{path}: {says}" if path else says
