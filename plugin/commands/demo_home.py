"""The demo's folder: keys made once, and the two processes' settings made from them at every start."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from plugin.commands.common import CONFIG
from plugin.shipped import shipped
from plugin.web.wellknown import public_key

TENANT = "demo"
WRITER, READER = "fermata", "reader"
WRITER_KID, READER_KID = "fermata-1", "reader-1"
READ_ONLY = "system/*.rs"


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything of one demo lies, and on which ports it runs."""

    data: Path
    port: int

    @property
    def sandbox(self) -> str:
        """The base URL of the pretend host."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def plugin(self) -> str:
        """The base URL of the plugin."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def config(self) -> Path:
        """The plugin's settings."""
        return self.data / CONFIG

    @property
    def reader_key(self) -> Path:
        """The private key of the API client that may only read."""
        return self.data / "reader.pem"

    @property
    def writer_key(self) -> Path:
        """The private key of the plugin's own API client."""
        return self.data / "fermata.pem"


def furnish(home: Home) -> dict[str, str]:
    """Make what is missing, write both sides' settings; answers the environment of the sandbox.

    Raises ``OSError`` when the folder cannot be used.
    """
    home.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.data.chmod(0o700)
    made = _secrets(home.data / "secrets.json")
    for key in (home.reader_key, home.writer_key):
        if not key.exists():
            write_private(key, _new_key())
    manifest = json.loads(shipped("manifest.json").read_text(encoding="utf-8"))
    write_private(home.config, _settings(home, made, " ".join(manifest["scopes"])).encode())
    clients = home.data / "clients.json"
    write_private(clients, json.dumps(_clients(home, manifest)).encode())
    return {
        "SANDBOX_PORT": str(home.port),
        "SANDBOX_DATA": str(home.data / "sandbox"),
        "SANDBOX_PUBLIC_URL": home.sandbox,
        "SANDBOX_PLUGIN_URL": home.plugin,
        "SANDBOX_TENANT": TENANT,
        "SANDBOX_WEBHOOK_SECRETS": f"w1={made['webhook']}",
        "SANDBOX_TOKEN_KEYS": f"t1={made['participant']}",
        "SANDBOX_CLIENTS": str(clients),
    }


def _secrets(file: Path) -> dict[str, str]:
    if not file.exists():
        made = {
            "webhook": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "participant": secrets.token_urlsafe(48),
            "overlay": secrets.token_urlsafe(48),
            "pseudonym": secrets.token_urlsafe(48),
            "master": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        write_private(file, json.dumps(made).encode())
    known: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return known


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP384R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _settings(home: Home, made: dict[str, str], scope: str) -> str:
    def quoted(value: object) -> str:
        # A JSON string is a TOML string.
        return json.dumps(str(value))

    return f"""# Written by fermata demo at every start.
data = {quoted(home.data / "plugin")}
port = {home.port + 1}
public_url = {quoted(home.plugin)}
origins = [{quoted(home.sandbox)}]
master_keys = {{ m1 = {quoted(made["master"])} }}
token_keys = {{ o1 = {quoted(made["overlay"])} }}
pseudonym_key = {quoted(made["pseudonym"])}

[[hosts]]
tenant = {quoted(TENANT)}
host = "sandbox"
url = {quoted(home.sandbox)}
webhook_keys = {{ w1 = {quoted(made["webhook"])} }}
token_keys = {{ t1 = {quoted(made["participant"])} }}

[hosts.results]
base = {quoted(home.sandbox + "/fhir")}
client_id = {quoted(WRITER)}
kid = {quoted(WRITER_KID)}
key_file = {quoted(home.writer_key)}
scope = {quoted(scope)}
"""


def _clients(home: Home, manifest: dict[str, dict[str, str]]) -> list[dict[str, object]]:
    jwks = home.plugin + manifest["entry_points"]["jwks"]
    reader = public_key(READER_KID, home.reader_key.read_bytes())
    return [
        {"client_id": WRITER, "scope": " ".join(manifest["scopes"]), "jwks_uri": jwks},
        {"client_id": READER, "scope": READ_ONLY, "jwks": {"keys": [reader]}},
    ]


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    new = file.with_name(file.name + ".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    new.rename(file)
