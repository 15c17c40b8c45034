"""What the compose files and the documents deploy is what the program has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.__main__ import cli
from bot.commands.serving import GRACE
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
MANY, SINGLE = (yaml.safe_load((ROOT / f"docker-compose{kind}.yml").read_text("utf-8")) for kind in ("", ".single"))
OURS = {name: service for name, service in MANY["services"].items() if service["image"] == "pishkhan"}
MANIFESTS = re.findall(r"^```yaml\n(apiVersion.*?)^```", (ROOT / "docs/operations.md").read_text("utf-8"), re.M | re.S)


def settings_of(service: dict[str, Any]) -> Settings:
    """As the container has them; what comes from .env stands there as `${NAME…}`."""
    given = {
        name.lower(): re.sub(r"\$\{(\w+)[^}]*\}", r"\1-" * 8, value) for name, value in service["environment"].items()
    }
    return Settings(_env_file=None, **given | {"content_dir": ROOT / "knowledge_base"})


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_part_has_settings_that_hold_and_a_command_that_is_there(name: str) -> None:
    settings = settings_of(OURS[name])
    assert settings.production and settings.worker == "separate" and settings.database_url and settings.redis_url
    program, command = OURS[name]["command"]
    assert program == "pishkhan" and command in {c.name or c.callback.__name__ for c in cli.registered_commands}


def test_the_proxy_alone_is_open_to_the_outside() -> None:
    assert [name for name, service in MANY["services"].items() if "ports" in service] == ["proxy"]
    (published,) = SINGLE["services"]["pishkhan"]["ports"]
    assert published.startswith("127.0.0.1:")


def test_nothing_of_ours_runs_as_root_or_writes_beside_its_volumes() -> None:
    assert "\nUSER pishkhan\n" in (ROOT / "Dockerfile").read_text("utf-8")
    for service in (*OURS.values(), SINGLE["services"]["pishkhan"]):
        assert service["read_only"] and service["cap_drop"] == ["ALL"]


def test_everybody_waits_for_the_migration_and_it_for_the_database() -> None:
    waiting = {name for name, service in OURS.items() if "migrate" in service["depends_on"]}
    assert waiting == {"gateway-1", "gateway-2", "worker"}
    assert OURS["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_who_ends_a_process_gives_it_time_to_end_by_itself() -> None:
    longest = settings_of(OURS["gateway-1"]).drains_for + GRACE
    for service in (*OURS.values(), SINGLE["services"]["pishkhan"]):
        assert int(service["stop_grace_period"].removesuffix("s")) > longest
    written = (ROOT / "docs/operations.md").read_text("utf-8")
    assert min(map(int, re.findall(r"(?:TimeoutStopSec=|terminationGracePeriodSeconds: )(\d+)", written))) > longest


def test_kubernetes_finds_the_same_names() -> None:
    (text,) = MANIFESTS
    parts = {part["kind"]: part for part in yaml.safe_load_all(text)}
    labels = parts["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert parts["Service"]["spec"]["selector"] == labels
    assert parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert parts["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == parts["Deployment"]["metadata"]["name"]
    drain = int(parts["Deployment"]["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"])
    assert parts["Deployment"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > drain + GRACE
