"""The command line: `pishkhan …`, the same as `python -m bot …`.

What a command needs is imported when it is called, so that `--help` is there at once.
"""

from __future__ import annotations

import gc
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.errors import worded

if TYPE_CHECKING:
    from bot.settings import Settings

cli = typer.Typer(
    help="Pishkhan, the conversational front counter of a public organisation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
evaluate = typer.Typer(help="Measure how well it understands.", no_args_is_help=True, rich_markup_mode=None)
requests = typer.Typer(help="See and move requests.", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(evaluate, name="evaluate")
cli.add_typer(requests, name="requests")
notices = typer.Typer(help="What was told and what was not.", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(notices, name="notices")
questions = typer.Typer(help="What was asked and not known: see it, and make it known.", rich_markup_mode=None)
cli.add_typer(questions, name="questions")
rasa = typer.Typer(help="The desk inside a Rasa assistant.", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(rasa, name="rasa")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Picture = Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it too: FILE.png or FILE.svg.")]
Semantic = Annotated[bool, typer.Option("--semantic", help="By meaning too; needs the extra `semantic`.")]
Cluster = Annotated[str, typer.Argument(help="As `pishkhan questions` names it: q12.")]
Only = Annotated[list[int] | None, typer.Option(metavar="N", help="Only wording N; may be repeated.")]
Code = Annotated[str, typer.Argument(help="A tracking code, in any digits, spaces and dashes allowed.")]


class Medium(StrEnum):
    WEB = "web"
    TELEGRAM = "telegram"
    SMS = "sms"
    VOICE = "voice"


def _settings() -> Settings:
    from bot import settings

    return settings.read()


@cli.command()
def serve() -> None:
    """Serve until Ctrl-C."""
    with worded():
        gc.disable()  # until it is open: what a start makes stays, and to look through it again and again takes a tenth
        given = _settings()
        from bot.commands import serving

        serving.serve(given)


@cli.command()
def work() -> None:
    """Deliver notices until Ctrl-C, beside servers that leave them to a worker (WORKER=separate)."""
    with worded():
        gc.disable()  # until it is open: what a start makes stays, and to look through it again and again takes a tenth
        given = _settings()
        from bot.commands import serving

        serving.work(given)


@cli.command()
def chat(
    channel: Annotated[Medium, typer.Option(help="Render as this channel would.")] = Medium.WEB,
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS", help="Who writes; a name or a number.")] = "me",
) -> None:
    """Talk to the bot in the terminal, on the same data as the server, which may run meanwhile."""
    with worded():
        given = _settings()
        from bot.commands import chatting

        chatting.chat(given, channel.value, sender)


@cli.command()
def check(content: Annotated[Path | None, typer.Option(help="The folder; default: CONTENT_DIR.")] = None) -> None:
    """Check the content: every mistake with its file and line."""
    with worded():
        folder = content or _settings().content_dir
        from bot.commands import checking

        typer.echo(checking.check(folder))


@cli.command()
def migrate() -> None:
    """Bring the database to this version's tables."""
    with worded():
        given = _settings()
        from bot.commands import serving

        serving.migrate(given)
        typer.echo("the database is up to date")


@cli.command()
def move(file: Annotated[Path, typer.Argument(help="pishkhan.db of a server that is stopped.")]) -> None:
    """Bring all that a SQLite file holds into the empty database of DATABASE_URL, sessions into REDIS_URL's."""
    with worded():
        given = _settings()
        from bot.commands import moving

        typer.echo(moving.moved(given, file))


@cli.command()
def prompts(
    list_: Annotated[bool, typer.Option("--list", help="Only list: where the sound of each text comes from.")] = False,
    missing: Annotated[bool, typer.Option("--missing", help="Only list what has no sound; exit 1 if any.")] = False,
    script: Annotated[bool, typer.Option("--script", help="Print what a narrator reads: file and text.")] = False,
) -> None:
    """Make the telephone's prompts that have no sound yet, and note what new recordings say."""
    with worded():
        given = _settings()
        from bot.commands import prompts as voice

        said = voice.listed if list_ else voice.missing if missing else voice.script if script else voice.made
        typer.echo(said(given))


@evaluate.command("nlu")
def evaluate_nlu(
    train: Annotated[Path | None, typer.Option(help="Rasa NLU YAML; default: the content's own.")] = None,
    test: Annotated[Path | None, typer.Option(help="Rasa NLU YAML; default: five-fold cross-validation.")] = None,
    json: Json = False,
    picture: Picture = None,
    semantic: Semantic = False,
) -> None:
    """How well intents are told apart. Intents of the test that the training lacks are out of scope."""
    with worded():
        from bot.commands import evaluating

        typer.echo(evaluating.nlu(train, test, json=json, picture=picture, semantic=semantic))


@evaluate.command("faq")
def evaluate_faq(
    entries: Annotated[Path | None, typer.Option(help="JSON Lines; default: the content's own entries.")] = None,
    questions: Annotated[Path | None, typer.Option(help="JSON Lines; default: each variant, itself held out.")] = None,
    json: Json = False,
    picture: Picture = None,
    semantic: Semantic = False,
) -> None:
    """How well questions find their answer. A question with the id null has none."""
    with worded():
        from bot.commands import evaluating

        typer.echo(evaluating.faq(entries, questions, json=json, picture=picture, semantic=semantic))


@rasa.command("export")
def rasa_export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Made if need be.")],
    force: Annotated[bool, typer.Option("--force", help="Write among files that no export has written.")] = False,
) -> None:
    """Write a Rasa 3.6 project, ready to train, from the content."""
    with worded():
        given = _settings()
        from bot.commands import rasa as assistant

        typer.echo(assistant.export(given, folder, force=force))


@rasa.command("actions")
def rasa_actions(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5055,
) -> None:
    """Serve Rasa's actions until Ctrl-C, on rasa-sdk's own server and on the desk's data."""
    with worded():
        given = _settings()
        from bot.commands import rasa as assistant

        assistant.actions(given, host, port)


@rasa.command("token")
def rasa_token() -> None:
    """Print the token that Rasa has to bring with each call of an action."""
    with worded():
        given = _settings()
        from bot.commands import rasa as assistant

        typer.echo(assistant.token(given))


@requests.command("list")
def requests_list(
    status: Annotated[str, typer.Option(help="Only these.")] = "",
    unit: Annotated[str, typer.Option(help="Only those that this unit has.")] = "",
    after: Annotated[str, typer.Option(help="Begin behind the request with this code.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    json: Json = False,
) -> None:
    """Requests, newest first."""
    with worded():
        given = _settings()
        from bot.commands import requests as desk

        typer.echo(desk.listed(given, status=status, unit=unit, after=after, limit=limit, json=json))


@requests.command("show")
def requests_show(code: Code, json: Json = False) -> None:
    """One request with everything in it."""
    with worded():
        given = _settings()
        from bot.commands import requests as desk

        typer.echo(desk.shown(given, code, json=json))


@requests.command("set")
def requests_set(
    code: Code,
    status: Annotated[str, typer.Argument(help="submitted, in_review, needs_information, referred, resolved…")],
    note: Annotated[str, typer.Option(help="The citizen reads it.")] = "",
    unit: Annotated[str, typer.Option(help="Refer it to this unit.")] = "",
    officer: Annotated[str, typer.Option(help="A post, not a person.")] = "",
    json: Json = False,
) -> None:
    """Move a request; the running server tells the citizen."""
    with worded():
        given = _settings()
        from bot.commands import requests as desk

        typer.echo(desk.moved(given, code, status, note=note, unit=unit, officer=officer, json=json))


@notices.command("list")
def notices_list(
    state: Annotated[str, typer.Option(help="Only these: pending, sent, delivered, dropped, dead.")] = "",
    contact: Annotated[str, typer.Option(help="Only this citizen's: a contact's id, channel:id, a number.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    json: Json = False,
) -> None:
    """Notices, newest first."""
    with worded():
        given = _settings()
        from bot.commands import notices as outbox

        typer.echo(outbox.listed(given, state=state, contact=contact, limit=limit, json=json))


@notices.command("show")
def notices_show(id: Annotated[str, typer.Argument()], json: Json = False) -> None:
    """One notice with every attempt to tell it."""
    with worded():
        given = _settings()
        from bot.commands import notices as outbox

        typer.echo(outbox.shown(given, id, json=json))


@notices.command("resend")
def notices_resend(
    ids: Annotated[list[str] | None, typer.Argument(help="As `pishkhan notices list` names them.")] = None,
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that were given up.")] = False,
) -> None:
    """Try again what was given up; the running server does it."""
    with worded():
        given = _settings()
        from bot.commands import notices as outbox

        typer.echo(outbox.resent(given, ids or (), all_dead=all_dead))


@questions.callback(invoke_without_command=True)
def questions_list(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many clusters.")] = 20,
    json: Json = False,
) -> None:
    """What citizens asked and the counter did not know, put together, the most asked first."""
    if context.invoked_subcommand:
        return
    with worded():
        given = _settings()
        from bot.commands import questions as editors

        typer.echo(editors.listed(given, limit=limit, json=json))


@questions.command("show")
def questions_show(cluster: Cluster, json: Json = False) -> None:
    """One cluster with all its wordings."""
    with worded():
        given = _settings()
        from bot.commands import questions as editors

        typer.echo(editors.shown(given, cluster, json=json))


@questions.command("accept")
def questions_accept(
    cluster: Cluster,
    entry: Annotated[str, typer.Option("--as", metavar="ENTRY", help="They are other wordings of this entry.")] = "",
    intent: Annotated[str, typer.Option(metavar="NAME", help="They are examples of this intent.")] = "",
    new: Annotated[str, typer.Option(metavar="ID", help="They become a new entry, with an --answer.")] = "",
    service: Annotated[str, typer.Option(metavar="ID", help="The service that the new entry belongs to.")] = "",
    question: Annotated[list[str] | None, typer.Option(help="Of the new entry; once in each language.")] = None,
    answer: Annotated[list[str] | None, typer.Option(help="Of the new entry; once in each language.")] = None,
    file: Annotated[str, typer.Option(help="Where the new entry stands: faq/NAME.yaml.")] = "",
    only: Only = None,
    text: Annotated[list[str] | None, typer.Option(help="Write this in place of their words; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be written.")] = False,
) -> None:
    """Write a cluster's wordings into the content; the running server knows them at once."""
    with worded():
        given = _settings()
        from bot.commands import questions as editors

        wanted = editors.Answer(entry, intent, new, service, file, question or (), answer or ())
        typer.echo(editors.accepted(given, cluster, wanted, picked=only or (), texts=text or (), dry_run=dry_run))


@questions.command("dismiss")
def questions_dismiss(cluster: Cluster, only: Only = None) -> None:
    """These are no questions for the content: list them no more."""
    with worded():
        given = _settings()
        from bot.commands import questions as editors

        typer.echo(editors.dismissed(given, cluster, picked=only or ()))


@questions.command("check")
def questions_check() -> None:
    """Entries that take each other's questions, by file and line."""
    with worded():
        given = _settings()
        from bot.commands import checking

        typer.echo(checking.collided(given.content_dir))


@cli.command()
def explain(
    contact: Annotated[str, typer.Argument(help="A contact's id, channel:id, a telephone number, or a tracking code.")],
    personal: Annotated[bool, typer.Option("--personal", help="Show numbers and ids in full.")] = False,
    json: Json = False,
) -> None:
    """Why this citizen got no reply, or no notice, and what may be done about it."""
    with worded():
        given = _settings()
        from bot.commands import explaining

        typer.echo(explaining.explained(given, contact, personal=personal, json=json))


@cli.command()
def understand(
    text: Annotated[str, typer.Argument(help="What a citizen says.")],
    service: Annotated[str, typer.Option(metavar="ID", help="The service that is being talked about.")] = "",
    json: Json = False,
) -> None:
    """What the counter understands of a sentence, and what it would do."""
    with worded():
        given = _settings()
        from bot.commands import understanding

        typer.echo(understanding.understood(given, text, service=service, json=json))


def main() -> None:
    """The console script."""
    cli()


if __name__ == "__main__":
    main()
