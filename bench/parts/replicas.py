"""One gateway, and two over the same PostgreSQL and Valkey: what the second costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from bench import load, talks
from bench.botapi import BotApi
from bench.found import Found, Plan, Table
from bench.pool import Pool
from bench.process import Server, Spent
from bench.systems import ready, serving, stores, telegram
from bench.talks import Talk
from bench.wire import Client

PATH = "/channels/telegram"
ROUNDS = 7


class ByTurns(talks.Telegram):
    """As a load balancer that remembers nobody sends them: each turn to the next server."""

    def __init__(self, ports: Sequence[int], user: int, api: BotApi) -> None:
        super().__init__(ports[0], user, api, PATH)
        self._ports = ports
        self._next = user
        self._clients: dict[int, Client] = {}

    async def client(self) -> Client:
        port = self._ports[self._next % len(self._ports)]
        self._next += 1
        if port not in self._clients:
            self._clients[port] = await Client.to(port)
        return self._clients[port]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()


async def run(pool: Pool, folder: Path, plan: Plan) -> Found:
    found, needs = Found(), pool.needs
    cpu: dict[str, list[float]] = {"one": [], "two": [], "apart": []}
    async with AsyncExitStack() as stack:
        kept = await stack.enter_async_context(stores(needs))
        servers = []
        for name in ("a", "b"):
            settings = {**ready(needs, folder / name), **telegram(needs), **kept}
            servers.append(await stack.enter_async_context(serving(folder / name, settings)))
        for server in servers:
            await server.accepting()
            await server.settled()
        ports = [server.port for server in servers]
        who: dict[str, Callable[[int], Talk]] = {
            "one": lambda user: talks.Telegram(ports[0], user, needs.api, PATH),
            "two": lambda user: ByTurns(ports, user, needs.api),
            "apart": lambda user: talks.Telegram(ports[user % 2], user, needs.api, PATH),
        }
        for number in range(1 + min(ROUNDS, plan.rounds)):
            for name, talk in who.items():
                users = [talk(user) for user in range(plan.users)]
                sample = await load.measure(users, _both(servers), warm_up=0.2 * plan.seconds, seconds=plan.seconds)
                for user in users:
                    user.close()
                found.blame(f"replicas, {name}", sample.wrong)
                if number:  # the first warms both
                    cpu[name].append(sample.cpu)
    for name in ("two", "apart"):
        pairs = zip(cpu[name], cpu["one"], strict=True)
        found.figures[f"replicas {name}"] = median([both / one for both, one in pairs if one] or [0.0])
    found.tables.append(
        Table(
            "From one process to two",
            ("where the turns go", "CPU µs/turn, both processes", "against one process"),
            [
                ("all to one", f"{median(cpu['one']):,.0f}", "1.00"),
                (
                    "each turn to the next of two",
                    f"{median(cpu['two']):,.0f}",
                    f"{found.figures['replicas two']:.2f}",
                ),
                (
                    "each citizen to one of two",
                    f"{median(cpu['apart']):,.0f}",
                    f"{found.figures['replicas apart']:.2f}",
                ),
            ],
            notes="One PostgreSQL, one Valkey; both gateways share one core.",
        )
    )
    return found


def _both(servers: Sequence[Server]) -> Callable[[], Spent]:
    def spent() -> Spent:
        each = [server.spent() for server in servers]
        return Spent(sum(s.cpu for s in each), sum(s.waited for s in each))

    return spent
