"""A caller with a telephone: sipp calls by SIP, presses keys by RFC 4733, speaks by RTP, hangs up."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LIMIT = 120.0  # seconds of one call
RATE = 8000
PER_KEY = 0.35  # seconds that a key takes


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Press:
    keys: str


@dataclass(frozen=True)
class Speak:
    seconds: float


@dataclass(frozen=True)
class Leave:
    """The last act: the other side hangs up; without it the caller does."""


Act = Wait | Press | Speak | Leave

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<scenario name="a caller">
<send retrans="500"><![CDATA[
INVITE sip:1000@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{number}@[local_ip]:[local_port]>;tag=[pid]Tag[call_number]
To: <sip:1000@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:{number}@[local_ip]:[local_port]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 96
a=rtpmap:0 PCMU/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-15
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="183" optional="true"/>
<recv response="200" rtd="true" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{number}@[local_ip]:[local_port]>;tag=[pid]Tag[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
"""
_HANG_UP = """<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{number}@[local_ip]:[local_port]>;tag=[pid]Tag[call_number]
[last_To:]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""
_IS_LEFT = """<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""


def scenario(acts: Sequence[Act], number: str, voice: Path) -> str:
    """sipp's XML. `play_dtmf` sends payload type 96; 101 would not be heard."""
    parts = [_HEAD.replace("{number}", number)]
    end = _HANG_UP.replace("{number}", number)
    for act in acts:
        match act:
            case Press(keys):
                parts.append(f'<nop><action><exec play_dtmf="{keys}"/></action></nop>\n')
                seconds = PER_KEY * len(keys)
            case Speak(seconds):
                parts.append(f'<nop><action><exec rtp_stream="{voice},1,0"/></action></nop>\n')
            case Wait(seconds):
                pass
            case Leave():
                end = _IS_LEFT
                break
        parts.append(f'<pause milliseconds="{int(seconds * 1000)}"/>\n')
    return "".join([*parts, end])


def speech(seconds: float) -> bytes:
    """A voice-like tone in G.711 µ-law."""
    at = np.arange(int(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * 300 * at) * (1 + np.sin(2 * np.pi * 4 * at))
    return bytes(_mu_law(wave))


def _mu_law(wave: np.ndarray) -> np.ndarray:
    """ITU-T G.711."""
    linear = np.clip(wave * 32767, -32635, 32635).astype(np.int32)
    sign = np.where(linear < 0, 0x80, 0)
    level = np.abs(linear) + 0x84
    exponent = np.floor(np.log2(level)).astype(np.int32) - 7
    mantissa = (level >> (exponent + 3)) & 0x0F
    return (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)


async def call(acts: Sequence[Act], *, to_port: int, own_port: int, media_port: int, folder: Path, number: str) -> None:
    """One call, from beginning to end; `folder` is this caller's own. Raises AssertionError when sipp says that it
    failed."""
    program = shutil.which("sipp")
    assert program, "sipp is missing: make test-telephony installs it"
    voice = folder / "voice.ul"
    voice.write_bytes(speech(max([a.seconds for a in acts if isinstance(a, Speak)], default=1.0)))
    file = folder / "caller.xml"
    file.write_text(scenario(acts, number, voice), "utf-8")
    process = await asyncio.create_subprocess_exec(
        program, "-sf", str(file), "-m", "1", "-i", "127.0.0.1", "-p", str(own_port), "-mi", "127.0.0.1",
        "-mp", str(media_port), "-nostdin", "-trace_err", "-error_file", str(folder / "sipp.log"),
        "-timeout", str(int(LIMIT)), f"127.0.0.1:{to_port}",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder,
    )  # fmt: skip
    said, _ = await process.communicate()
    log = folder / "sipp.log"
    errors = log.read_text("utf-8", "replace") if log.exists() else ""
    assert process.returncode == 0, said.decode("utf-8", "replace")[-2000:] + errors[-2000:]
