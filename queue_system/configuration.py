"""Configuration, read once from the environment: QUEUE_<NAME>; a secret also from the file QUEUE_<NAME>_FILE."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .gateways import MailServer, check_gateway, mail_server_at

PREFIX: Final = "QUEUE_"
SECRETS: Final = (
    "database_url",
    "secret_key",
    "metrics_token",
    "oidc_client_secret",
    "smtp_url",
    "sms_url",
    "sms_url_neutral",
)
SHORTEST_KEY: Final = 16
KEY_FILE: Final = "secret.key"


_DATABASE_URL: Final = re.compile(r"(sqlite|postgresql)(\+\w+)?://")


# What stands between the angle brackets of RFC 5321, without quoted names.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class ConfigurationError(Exception):
    """A setting is wrong; the text names the variable, what is wrong, and what to do."""


class CannotListen(Exception):
    """The server cannot listen on the address in the settings; the text says why and what to do."""


class Configuration(BaseSettings):
    """How this installation runs.

    `database_url` is empty for the embedded SQLite in `data_dir`. `public_url` is the address that visitors' telephones
    open from QR codes. `trusted_proxies` are the addresses whose X-Forwarded-* and X-Request-ID headers are accepted.
    `backup_dir` is where a backup goes every night, `data_dir`/backups if it is None; the newest `backup_keep` stay.
    `ping_url` is asked for after a night whose work is all done, so that another service misses it otherwise.
    `access_log` logs each request at the level info; `metrics_token` is the bearer token for `/metrics`.
    `oidc_client_secret` is the secret that the provider of single sign-on gave to this installation.
    `smtp_url` is the mail server that takes our messages, empty to send none; `mail_from` is the sender's address, and
    `mail_from_neutral` that of messages which must not name the organisation, empty to send none of these.
    `mail_from_domains` are more domains, separated by commas, whose addresses a branch may choose as its sender.
    `sms_url` is the gateway of text messages, as an address of Apprise with {to} for the number, empty to send none;
    `sms_url_neutral` is the one whose sender does not tell whose messages they are.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path("data")
    database_url: SecretStr = SecretStr("")
    public_url: str = ""
    secret_key: SecretStr = SecretStr("")
    trusted_proxies: str = ""
    log_level: str = "info"
    access_log: bool = False
    metrics_token: SecretStr = SecretStr("")
    oidc_client_secret: SecretStr = SecretStr("")
    backup_dir: Path | None = None
    backup_keep: int = Field(default=14, ge=1)
    ping_url: str = ""
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    mail_from_neutral: str = ""
    mail_from_domains: str = ""
    sms_url: SecretStr = SecretStr("")
    sms_url_neutral: SecretStr = SecretStr("")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `read_configuration` was given: it knows which environment counts, and a drill has none."""
        return (init_settings,)

    @field_validator("port")
    @classmethod
    def _port(cls, value: int) -> int:
        if not 0 <= value <= 65535:
            raise ValueError("a port is a number from 0 to 65535")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_url(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not _DATABASE_URL.match(value.get_secret_value()):
            raise ValueError("an address such as postgresql://user:password@host/database; empty for the embedded one")
        return value

    @field_validator("secret_key", "metrics_token")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"at least {SHORTEST_KEY} random characters, such as openssl rand -hex 32 makes")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _trusted_proxies(cls, value: str) -> str:
        for part in filter(None, (part.strip() for part in value.split(","))):
            try:
                _ = part == "*" or ip_network(part)
            except ValueError:
                raise ValueError(
                    f"{part!r} is neither an address nor a network such as 127.0.0.1 or 10.0.0.0/8"
                ) from None
        return value

    @field_validator("log_level")
    @classmethod
    def _log_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("one of debug, info, warning, error")
        return value.lower()

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("an address such as https://queue.example.org")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("an address without a path, such as https://queue.example.org: pages lie at its root")
        # In the form of an Origin header, because it is compared with one.
        return _origin(parts)

    @field_validator("backup_dir", mode="before")
    @classmethod
    def _backup_dir(cls, value: object) -> object:
        return value or None

    @field_validator("ping_url")
    @classmethod
    def _ping_url(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if value and (parts.scheme != "https" or not parts.hostname):
            raise ValueError("an address that begins with https://, because the name of the check in it is a secret")
        return value.strip()

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            mail_server_at(value.get_secret_value())
        return value

    @field_validator("sms_url", "sms_url_neutral")
    @classmethod
    def _sms_url(cls, value: SecretStr) -> SecretStr:
        if url := value.get_secret_value():
            check_gateway(url)
        return value

    @field_validator("mail_from", "mail_from_neutral")
    @classmethod
    def _mail_from(cls, value: str) -> str:
        if value and not _ADDRESS.fullmatch(value.strip()):
            raise ValueError("an address alone, such as appointments@example.org")
        return value.strip()

    @field_validator("mail_from_domains")
    @classmethod
    def _mail_from_domains(cls, value: str) -> str:
        for domain in filter(None, (part.strip() for part in value.split(","))):
            if not _ADDRESS.fullmatch(f"somebody@{domain}"):
                raise ValueError(f"{domain!r} is no domain such as example.org")
        return value

    @model_validator(mode="after")
    def _mail(self) -> Configuration:
        if self.smtp_url.get_secret_value() and not self.mail_from:
            # An error of the whole has no place of its own, so the variable is in the text.
            raise ValueError(f"{PREFIX}SMTP_URL: needs {PREFIX}MAIL_FROM, the address that messages come from")
        return self

    @property
    def mail_server(self) -> MailServer | None:
        """The mail server that takes our messages; None if there is none."""
        url = self.smtp_url.get_secret_value()
        return mail_server_at(url) if url else None

    @property
    def sender_domains(self) -> frozenset[str]:
        """The domains from whose addresses the mail server takes letters: that of the sender, and those that were named."""
        domains = {self.mail_from.rpartition("@")[2], *map(str.strip, self.mail_from_domains.split(","))}
        return frozenset(domain.lower() for domain in domains if domain)

    @property
    def sends(self) -> frozenset[str]:
        """The levels of messages that this installation can send, each as `core.messages.sent_as` names it."""
        found: set[str] = set()
        if self.smtp_url.get_secret_value():
            found |= {"full", "minimal", *(["neutral"] if self.mail_from_neutral else [])}
        if self.sms_url.get_secret_value():
            found |= {"sms:full", "sms:minimal"}
        if self.sms_url_neutral.get_secret_value():
            found.add("sms:neutral")
        return frozenset(found)

    @property
    def database(self) -> str:
        """The URL of the database: the configured one, or the SQLite file in the data directory."""
        return self.database_url.get_secret_value() or f"sqlite:///{(self.data_dir / 'queue.db').absolute()}"

    @property
    def embedded(self) -> bool:
        """Whether the database is a file in the data directory, and not a server."""
        return self.database.startswith("sqlite")

    @property
    def address(self) -> str:
        """The address of this server from outside, without a trailing slash."""
        if self.public_url:
            return self.public_url
        # Addresses that mean "listen everywhere" cannot be opened in a browser.
        name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        host = f"[{name}]" if ":" in name else name
        return f"http://{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach us."""
        return self.host in ("127.0.0.1", "::1", "localhost")

    @property
    def behind_tls(self) -> bool:
        """Whether visitors reach us by https; then cookies are marked Secure and HSTS is sent."""
        return self.public_url.startswith("https://")


def read_configuration(environ: Mapping[str, str] | None = None, **overrides: Any) -> Configuration:
    """The settings of this process; `overrides` (from the command line) win. Raises ConfigurationError."""
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {
        name: environ[PREFIX + name.upper()] for name in Configuration.model_fields if PREFIX + name.upper() in environ
    }
    for name in SECRETS:
        values |= _from_file(environ, name)
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        configuration = Configuration.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(
            "".join(f"{PREFIX}{str(place).upper()}: " for place in item["loc"][:1])
            + item["msg"].removeprefix("Value error, ")
            for item in error.errors()
        )
        raise ConfigurationError(wrong) from None
    return configuration


def child_environment(configuration: Configuration) -> dict[str, str]:
    """The environment of a process of ours that works on the same installation."""
    values: dict[str, object] = {
        "DATA_DIR": configuration.data_dir.absolute(),
        "DATABASE_URL": configuration.database_url.get_secret_value(),
        "SECRET_KEY": configuration.secret_key.get_secret_value(),
        "BACKUP_DIR": configuration.backup_dir.absolute() if configuration.backup_dir else "",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return others | {f"{PREFIX}{name}": str(value) for name, value in values.items() if value}


def unknown_names(environ: Mapping[str, str] | None = None) -> list[str]:
    """Variables that look like settings but are unknown, because a mistyped one would silently do nothing."""
    known = {PREFIX + name.upper() for name in Configuration.model_fields}
    known |= {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}
    environ = os.environ if environ is None else environ
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known | {"QUEUE_INSTALLER"})


def _origin(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def make_folder(folder: Path, variable: str = "QUEUE_DATA_DIR") -> None:
    """Make a folder of ours, readable for our user only: it holds personal data. Raises ConfigurationError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{variable}: cannot make {folder}: {error.strerror}") from None


def secret_key(configuration: Configuration) -> bytes:
    """The secret key of this installation: the configured one, else one generated once in the data directory."""
    configured = configuration.secret_key.get_secret_value()
    if configured:
        return configured.encode()
    path = configuration.data_dir / KEY_FILE
    try:
        if not path.exists():
            make_folder(configuration.data_dir)
            _write_once(path, secrets.token_hex(32))
        key = path.read_text().strip()
    except OSError as error:
        raise ConfigurationError(f"QUEUE_DATA_DIR: cannot keep the secret key in {path}: {error.strerror}") from None
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(
            f"{path} holds no key. Restore it from the backup; without it the links in visitors' hands are void. "
            "If there is no backup, remove the file, and a new key is made"
        )
    return key.encode()


def _write_once(path: Path, text: str) -> None:
    """Write a file atomically; if two processes do it at once, the first one's file stays."""
    written = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(written, path)
    finally:
        written.unlink(missing_ok=True)


def _from_file(environ: Mapping[str, str], name: str) -> dict[str, str]:
    variable = f"{PREFIX}{name.upper()}_FILE"
    path = environ.get(variable)
    if not path:
        return {}
    if environ.get(PREFIX + name.upper()):
        raise ConfigurationError(f"{variable} and {PREFIX}{name.upper()} are both set; keep one of them")
    try:
        return {name: Path(path).read_text().strip()}
    except OSError as error:
        raise ConfigurationError(f"{variable}: cannot read {path}: {error.strerror}") from None
