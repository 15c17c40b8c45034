"""What Redis does by itself, in one step each. All keys of a script lie in one slot; see `redis_places`.

A stored session is one string: `VERSION TOKEN LIFE` of its save, its JSON, and the lines that are still to be moved to
the database as JSON lists that begin with the line's number; each of them ends with a line feed, which JSON never has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1


@dataclass(frozen=True, slots=True)
class Script:
    text: bytes
    sha: bytes = field(init=False)

    def __post_init__(self) -> None:
        # What Redis calls scripts by, no secret.
        object.__setattr__(self, "sha", sha1(self.text, usedforsecurity=False).hexdigest().encode())


_SHARED = """
local function pass_on(lock, queue, claim)
  local heir = redis.call('LPOP', queue)
  if heir then
    redis.call('SET', lock, heir, 'PX', claim)
  else
    redis.call('DEL', lock)
  end
end

local function head_of(value)  -- version, token, where the state ends
  local first = string.find(value, '\\n', 1, true)
  local version, token = string.match(string.sub(value, 1, first - 1), '^(%d+) (%S+)')
  return version, token, string.find(value, '\\n', first + 1, true)
end

local function lines_left(value, last, moved)  -- the lines of which the number is not in ',1,2,'
  local left, from = {}, last + 1
  while from <= #value do
    local to = string.find(value, '\\n', from, true)
    local seq = string.match(value, '^%[(-?%d+)', from)
    if not string.find(moved, ',' .. seq .. ',', 1, true) then left[#left + 1] = string.sub(value, from, to) end
    from = to + 1
  end
  return table.concat(left)
end
"""


def _script(text: str) -> Script:
    return Script((_SHARED + text).encode())


ENTER = _script("""
-- KEYS state lock queue · ARGV token lease claim patience known
-- 0: wait and ask again · false: nothing is stored · 1: what is known is what is stored · or head and state
local holder = redis.call('GET', KEYS[2])
if not holder then
  holder = redis.call('LPOP', KEYS[3]) or ARGV[1]
  if holder ~= ARGV[1] then redis.call('SET', KEYS[2], holder, 'PX', ARGV[3]) end
end
if holder ~= ARGV[1] then
  if not redis.call('LPOS', KEYS[3], ARGV[1]) then redis.call('RPUSH', KEYS[3], ARGV[1]) end
  redis.call('PEXPIRE', KEYS[3], ARGV[4])
  return 0
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
local value = redis.call('GET', KEYS[1])
if not value then return false end
local _, token, last = head_of(value)
if token == ARGV[5] then return 1 end
return string.sub(value, 1, last - 1)
""")

SAVE = _script("""
-- KEYS state lock queue todo · ARGV token version head+state lines moved silence claim contact
-- 1: saved, now or when this was asked before · 0: stale. The lock is given on either way.
-- What is not there any more (a server that forgot) cannot be overwritten by a save that comes late: unless another one
-- is at it, the holder's word is the newest there is.
local holder = redis.call('GET', KEYS[2])
local value = redis.call('GET', KEYS[1])
local rest, saved = '', 1
if value then
  local version, token, last = head_of(value)
  if token == ARGV[1] then return 1 end
  if holder ~= ARGV[1] or version ~= ARGV[2] then
    saved = 0
  else
    rest = lines_left(value, last, ARGV[5])
  end
elseif holder and holder ~= ARGV[1] then
  saved = 0
end
if saved == 1 then
  rest = rest .. ARGV[4]
  redis.call('SET', KEYS[1], ARGV[3] .. rest, 'EX', ARGV[6])
  if rest ~= '' then
    redis.call('ZADD', KEYS[4], redis.call('TIME')[1], ARGV[8])
  elseif value then
    redis.call('ZREM', KEYS[4], ARGV[8])
  end
end
if holder == ARGV[1] then pass_on(KEYS[2], KEYS[3], ARGV[7]) end
return saved
""")

LEAVE = _script("""
-- KEYS lock queue · ARGV token claim
redis.call('LREM', KEYS[2], 1, ARGV[1])
if redis.call('GET', KEYS[1]) == ARGV[1] then pass_on(KEYS[1], KEYS[2], ARGV[2]) end
return 1
""")

STAY = _script("""
-- KEYS lock · ARGV token lease
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
""")

MOVED = _script("""
-- KEYS state todo · ARGV contact moved: the lines with these numbers are in the database
local value = redis.call('GET', KEYS[1])
local rest = ''
if value then
  local _, _, last = head_of(value)
  rest = lines_left(value, last, ARGV[2])
  redis.call('SET', KEYS[1], string.sub(value, 1, last) .. rest, 'KEEPTTL')
end
if rest == '' then redis.call('ZREM', KEYS[2], ARGV[1]) end
return 1
""")

OVERDUE = _script("""
-- KEYS todo · ARGV age most: contacts with lines that nobody has moved for so many seconds, each told to one asker
local now = tonumber(redis.call('TIME')[1])
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1], 'LIMIT', 0, ARGV[2])
for _, contact in ipairs(found) do redis.call('ZADD', KEYS[1], now, contact) end
return found
""")

TAKE = _script("""
-- KEYS when the bucket is full again · ARGV rate burst cost: seconds to wait, "0" when it was taken
local time = redis.call('TIME')
local now, room = time[1] + time[2] / 1e6, ARGV[2] / ARGV[1]
local full = math.max(now, math.min(tonumber(redis.call('GET', KEYS[1]) or 0), now + room)) + ARGV[3] / ARGV[1]
local wait = full - now - room
if wait > 1e-6 then return string.format('%.6f', wait) end
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000) + 1)
return '0'
""")

ALL = (ENTER, SAVE, LEAVE, STAY, MOVED, OVERDUE, TAKE)
