"""The repository keeps its own rules."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.models import CommandInfo

from bot.__main__ import cli
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LONGEST_FILE = 400  # lines


def ours(*endings: str) -> list[Path]:
    """The files that git has or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [ROOT / name for name in listed if name.endswith(endings) and (ROOT / name).is_file()]


def test_no_file_has_outgrown_its_one_purpose() -> None:
    long = {
        file.relative_to(ROOT).as_posix(): n
        for file in ours(".py", ".js")
        if (n := len(file.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_nothing_is_left_open() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b|pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b")
    here = Path(__file__)
    left = [
        f"{file.relative_to(ROOT)}:{n}"
        for file in ours(".py", ".js")
        if file != here
        for n, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if marks.search(line)
    ]
    assert left == []


def test_no_module_has_a_name_without_a_purpose() -> None:
    assert [f for f in ours(".py") if re.search(r"(^|_)(utils?|helpers?|common|managers?|misc)$", f.stem)] == []


def test_migrations_are_numbered_without_gaps() -> None:
    versions = sorted(p.name for p in (ROOT / "bot/stores/migrations/versions").glob("[!_]*.py"))
    assert versions
    assert [int(v.split("_")[0]) for v in versions] == list(range(1, len(versions) + 1))


def test_imports_point_inwards() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert re.search(rf"^\| *`{name.upper()}`", README, re.MULTILINE), "add a row to README's table of settings"
    assert re.search(rf"^#? ?{name.upper()}=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)


def test_no_setting_is_documented_that_does_not_exist() -> None:
    told = re.findall(r"^\| *`([A-Z][A-Z_]+)`", README, re.MULTILINE)
    assert {t.lower() for t in told} <= set(Settings.model_fields)


def test_the_readme_s_make_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    told = set(re.findall(r"`make ([a-z]+)", README)) | set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert {"run", "test"} <= told
    assert told <= targets


def test_the_readme_s_own_commands_exist() -> None:
    told = set(re.findall(r"(?:^|`|/bin/)pishkhan ((?:requests |evaluate |rasa )?[a-z]+)", README, re.MULTILINE))
    known = {_name(command) for command in cli.registered_commands}
    for group in cli.registered_groups:
        assert group.typer_instance is not None
        known |= {str(group.name), *(f"{group.name} {_name(c)}" for c in group.typer_instance.registered_commands)}
    assert told <= known


def _name(command: CommandInfo) -> str:
    assert command.callback is not None
    return command.name or command.callback.__name__.rstrip("_").replace("_", "-")


def test_the_changelog_begins_with_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[?(\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert versions
    assert versions[0] == PROJECT["version"]


def test_no_machine_path_and_no_package_registry_is_written_down() -> None:
    hosts = ("pypi." + "org", "pythonhosted." + "org", "npmjs." + "org", "deb.debian." + "org")
    paths = ("/work/" + "main", "/work/" + "shared", "/ro" + "ot/")
    found = [
        (file.relative_to(ROOT).as_posix(), word)
        for file in ours(".py", ".js", ".md", ".toml", ".lock", ".yaml", ".yml", "Makefile", "run", ".example")
        for word in (*hosts, *paths)
        if word in file.read_text("utf-8")
    ]
    assert found == []
