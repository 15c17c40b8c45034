"""The same form on Bot Framework's SDK: `python -m bench.servers.botbuilder_form PORT`.

As its samples do it on aiohttp: a waterfall of prompts, state in memory, replies to the activity's own service address,
which here is the bench's. Without an application's id nobody has to prove anything, as with its emulator.
"""

from __future__ import annotations

import secrets
import sys

import uvloop
from aiohttp import web
from botbuilder.core import (
    ActivityHandler,
    BotFrameworkAdapter,
    BotFrameworkAdapterSettings,
    ConversationState,
    MemoryStorage,
    MessageFactory,
    TurnContext,
)
from botbuilder.dialogs import (
    DialogSet,
    DialogTurnResult,
    DialogTurnStatus,
    WaterfallDialog,
    WaterfallStepContext,
)
from botbuilder.dialogs.choices import Choice
from botbuilder.dialogs.prompts import ChoicePrompt, NumberPrompt, PromptOptions, TextPrompt
from botbuilder.schema import Activity

from bench.conversation import CONFIRM, COUNT, DETAILS, KIND, KINDS, NAME, OPEN

Step = WaterfallStepContext


async def _ask_name(step: Step) -> DialogTurnResult:
    return await step.prompt("text", PromptOptions(prompt=MessageFactory.text(NAME)))


async def _ask_kind(step: Step) -> DialogTurnResult:
    step.values["name"] = step.result
    choices = [Choice(label) for label in KINDS.values()]
    return await step.prompt("choice", PromptOptions(prompt=MessageFactory.text(KIND), choices=choices))


async def _ask_count(step: Step) -> DialogTurnResult:
    step.values["kind"] = step.result.value
    return await step.prompt("number", PromptOptions(prompt=MessageFactory.text(COUNT)))


async def _ask_details(step: Step) -> DialogTurnResult:
    step.values["count"] = int(step.result)
    return await step.prompt("text", PromptOptions(prompt=MessageFactory.text(DETAILS)))


async def _review(step: Step) -> DialogTurnResult:
    step.values["details"] = step.result
    lines = "\n".join(f"{name}: {step.values[name]}" for name in ("name", "kind", "count", "details"))
    return await step.prompt("choice", PromptOptions(prompt=MessageFactory.text(lines), choices=[Choice(CONFIRM)]))


async def _confirmed(step: Step) -> DialogTurnResult:
    code = f"{secrets.randbelow(10**10):010}"
    await step.context.send_activity(f"{code[:5]} {code[5:]}")
    return await step.end_dialog()


class Form(ActivityHandler):
    def __init__(self) -> None:
        self._state = ConversationState(MemoryStorage())
        self._dialogs = DialogSet(self._state.create_property("dialogs"))
        self._dialogs.add(TextPrompt("text"))
        self._dialogs.add(NumberPrompt("number", default_locale="en-us"))
        self._dialogs.add(ChoicePrompt("choice"))
        steps = [_ask_name, _ask_kind, _ask_count, _ask_details, _review, _confirmed]
        self._dialogs.add(WaterfallDialog("form", steps))

    async def on_turn(self, turn_context: TurnContext) -> None:
        await super().on_turn(turn_context)
        await self._state.save_changes(turn_context)

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        context = await self._dialogs.create_context(turn_context)
        if turn_context.activity.text == OPEN:
            await context.cancel_all_dialogs()
            await context.begin_dialog("form")
            return
        result = await context.continue_dialog()
        if result.status == DialogTurnStatus.Empty:
            await turn_context.send_activity("?")


def main() -> None:
    adapter = BotFrameworkAdapter(BotFrameworkAdapterSettings("", ""))
    form = Form()

    async def hear(request: web.Request) -> web.Response:
        activity = Activity().deserialize(await request.json())
        await adapter.process_activity(activity, request.headers.get("Authorization", ""), form.on_turn)
        return web.Response(status=201)

    app = web.Application()
    app.router.add_post("/api/messages", hear)
    loop = uvloop.new_event_loop()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, loop=loop)


if __name__ == "__main__":
    main()
