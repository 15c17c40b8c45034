"""Real peers: Kannel with its fake telephone, Twilio's own description of its API served by Prism."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from aiohttp.test_utils import unused_port

PEERS = Path(__file__).parents[2] / ".cache" / "node" / "sms"
SPEC = PEERS / "twilio_api_v2010.json"
FAKE_TELEPHONE = "/usr/lib/kannel/test/fakesmsc"
PATIENCE = 20.0  # seconds for a peer to come up, or to do its part

_CONFIGURATION = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = a
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
sms-combine-concatenated-mo = false

group = smsc
smsc = fake
smsc-id = fake
port = {air}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {send}
sendsms-interface = 127.0.0.1
http-request-retry = 5
http-queue-delay = 1

group = sendsms-user
username = u
password = p
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "{get_url}?from=%p&to=%P&text=%b&charset=%C&id=%I&time=%t&udh=%u"
"""


def until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, "the peer did not start"
            assert time.monotonic() < deadline, "the peer does not listen"
            time.sleep(0.02)


def stop(process: subprocess.Popen[bytes]) -> None:
    """At once: a bearerbox that is asked politely takes its time, and there is nothing to be saved."""
    process.kill()
    process.wait()


class Kannel:
    """A gateway between the air and `webhook`. `send_url` takes messages."""

    def __init__(self, folder: Path, webhook: str) -> None:
        boxes = [shutil.which(name, path="/usr/sbin:/usr/bin") for name in ("bearerbox", "smsbox")]
        assert all(boxes) and Path(FAKE_TELEPHONE).exists(), "make test brings kannel and kannel-extras"
        self.bearerbox, self.smsbox = map(str, boxes)
        ports = {name: unused_port() for name in ("admin", "box", "air", "send")}
        self.air, self._box, self._send = ports["air"], ports["box"], ports["send"]
        self.send_url = f"http://127.0.0.1:{self._send}/cgi-bin/sendsms?username=u&password=p&from=2000"
        self._configuration = folder / "kannel.conf"
        self._configuration.write_text(_CONFIGURATION.format(get_url=webhook, **ports))
        self._log = folder / "kannel.log"

    @contextmanager
    def running(self) -> Iterator[None]:
        with self._log.open("wb") as log:
            bearerbox = self._start(self.bearerbox, log.fileno())
            try:
                until_listening(self._box, bearerbox)
                smsbox = self._start(self.smsbox, log.fileno())
                try:
                    until_listening(self._send, smsbox)
                    yield
                finally:
                    stop(smsbox)
            finally:
                stop(bearerbox)

    def _start(self, box: str, log: int) -> subprocess.Popen[bytes]:
        command = [box, str(self._configuration)]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._configuration.parent)


class Telephone:
    """Kannel's fakesmsc in a citizen's hand: says one thing, hears what comes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @staticmethod
    @asynccontextmanager
    async def saying(kannel: Kannel, number: str, text: str) -> AsyncIterator[Telephone]:
        """The telephone, switched on until the end of the block."""
        message = f"{number} 2000 ucs2 {quote_from_bytes(text.encode('utf-16-be'), safe='')}"
        process = await asyncio.create_subprocess_exec(
            FAKE_TELEPHONE, "-H", "127.0.0.1", "-r", str(kannel.air), "-i", "0.01", "-m", "1", message,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield Telephone(process)
        finally:
            process.terminate()
            await process.wait()

    async def heard(self) -> tuple[str, str, int]:
        """The next whole message: the number it was sent to, its text, and in how many parts it came."""
        assert self._process.stdout
        parts: dict[int, str] = {}
        async with asyncio.timeout(PATIENCE):
            while True:
                line = (await self._process.stdout.readline()).decode()
                message = re.search(r"Got message \d+: <2000 (\S+) (?:udh (\S+) )?(?:data|ucs-2) (.*)>", line)
                if message is None:
                    assert line, "the telephone was switched off"
                    continue
                header = unquote_to_bytes(message[2] or "%05%00%03%00%01%01")
                raw = unquote_to_bytes(message[3].replace("+", " "))
                parts[header[-1]] = raw.decode("utf-16-be")
                if len(parts) == header[-2]:
                    return message[1], "".join(parts[n] for n in sorted(parts)), len(parts)


@contextmanager
def prism() -> Iterator[str]:
    """The URL of Twilio's API as its own description has it."""
    command = PEERS / "node_modules" / ".bin" / "prism"
    assert command.exists() and SPEC.exists(), "make test brings Prism and Twilio's description of its API"
    port = unused_port()
    process = subprocess.Popen(
        [str(command), "mock", "-h", "127.0.0.1", "-p", str(port), str(SPEC)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_listening(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)
