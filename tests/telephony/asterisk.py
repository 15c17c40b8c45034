"""A real Asterisk, from Debian's package in a folder of its own (`make test-telephony` puts it there).

It runs in that folder by chroot, on ports of 127.0.0.1 that are free, with the sample dialplan of ivr/asterisk/.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache" / "asterisk"
SAMPLE = ROOT / "ivr" / "asterisk" / "extensions.conf"
USER = "asterisk"  # as the package's own service runs
PERSON = "2000"  # answers, and hangs up after two seconds; nobody else does
STARTING = 30.0  # seconds
MODULES = (
    "res_timing_timerfd", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb", "res_pjproject",
    "res_pjsip", "res_pjsip_session", "res_pjsip_sdp_rtp", "res_pjsip_pubsub", "res_pjsip_caller_id",
    "res_pjsip_endpoint_identifier_ip", "res_pjsip_dtmf_info", "res_rtp_asterisk", "res_speech", "res_agi",
    "chan_pjsip", "pbx_config", "app_dial", "app_mixmonitor", "app_playback", "app_stack", "app_verbose",
    "func_logic", "func_callerid", "app_chanspy", "func_cut", "func_groupcount", "func_uri", "func_periodic_hook",
    "bridge_simple", "bridge_holding", "codec_ulaw",
    "codec_alaw", "codec_resample", "format_wav", "format_pcm",
)  # fmt: skip


def installed() -> Path:
    """The folder that Asterisk lives in. Without it the tests fail and say what to do."""
    found = [p for p in (CACHE / "sid", CACHE / "bullseye") if (p / "usr/sbin/asterisk").exists()]
    assert found, "there is no Asterisk here: make test-telephony installs it"
    assert os.geteuid() == 0, "a real Asterisk is started by chroot, which needs root"
    return found[0]


def free_port() -> int:
    """Of UDP, on 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Asterisk:
    """Answers SIP calls to 1000. `folder` is the shared one here, `folder_there` what Asterisk calls it."""

    def __init__(self, agi_port: int) -> None:
        self._root = installed()
        (self._root / "tmp").mkdir(exist_ok=True)
        self._home = Path(tempfile.mkdtemp(prefix="pishkhan-", dir=self._root / "tmp"))
        self._there = Path("/") / self._home.relative_to(self._root)
        self._agi_port = agi_port
        self._process: asyncio.subprocess.Process | None = None
        self.sip_port = free_port()
        self.folder = self._home / "shared"
        self.folder_there = str(self._there / "shared")

    async def __aenter__(self) -> Asterisk:
        self._configure()
        command = (
            "chroot",
            str(self._root),
            "/usr/sbin/asterisk",
            "-C",
            str(self._there / "asterisk.conf"),
            "-f",
            "-n",
            "-vvv",
        )
        with (self._home / "console.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        async with asyncio.timeout(STARTING):
            while "Asterisk Ready" not in self.log():
                assert self._process.returncode is None, self.log()
                await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 10)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def heard(self, number: str) -> bytes:
        """The WAV of what was sent to the caller with this number."""
        return (self._home / f"heard-{number}.wav").read_bytes()

    def log(self) -> str:
        return (self._home / "console.log").read_text("utf-8", "replace")

    def _configure(self) -> None:
        there = self._there
        modules = next((self._root / "usr/lib").glob("**/asterisk/modules/res_agi.so")).parent.relative_to(self._root)
        self.folder.mkdir()
        for name in ("var", "run", "log", "spool", "db", "keys"):
            (self._home / name).mkdir()
        dialplan = SAMPLE.read_text("utf-8").replace("127.0.0.1:4573", f"127.0.0.1:{self._agi_port}")
        files = {
            "asterisk.conf": f"""
[directories]
astetcdir => {there}
astmoddir => /{modules}
astvarlibdir => {there}/var
astdbdir => {there}/db
astkeydir => {there}/keys
astdatadir => /usr/share/asterisk
astagidir => {there}/var
astspooldir => {there}/spool
astrundir => {there}/run
astlogdir => {there}/log
[options]
documentation_language = en_US
""",
            "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load => {name}.so\n" for name in MODULES),
            "logger.conf": "[general]\n[logfiles]\nconsole => notice,warning,error,verbose\n",
            "rtp.conf": "[general]\nrtpstart=20000\nrtpend=20999\n",
            "pjsip.conf": f"""
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{self.sip_port}

[caller]
type=endpoint
context=calls
disallow=all
allow=ulaw
dtmf_mode=rfc4733
direct_media=no

[caller]
type=identify
endpoint=caller
match=127.0.0.1
""",
            "extensions.conf": f"""
[calls]
exten => 1000,1,MixMonitor({there}/both-${{CALLERID(num)}}.wav,t({there}/heard-${{CALLERID(num)}}.wav))
 same => n,Goto(pishkhan,s,1)
"""
            + dialplan
            + f"""
[pishkhan-person](+)
exten => {PERSON},1,Answer()
 same => n,Wait(2)
 same => n,Hangup()
""",
        }
        for name, text in files.items():
            (self._home / name).write_text(text, "utf-8")
        self._hand_over()

    def _hand_over(self) -> None:
        """Everything is Asterisk's own but the shared folder, which is as ivr/asterisk/README.md says."""
        users = (line.split(":") for line in (self._root / "etc/passwd").read_text("utf-8").splitlines())
        uid, gid = next((int(u[2]), int(u[3])) for u in users if u[0] == USER)
        for path in (self._home, *self._home.rglob("*")):
            os.chown(path, uid, gid)
        os.chown(self.folder, 0, gid)
        self.folder.chmod(0o2770)
