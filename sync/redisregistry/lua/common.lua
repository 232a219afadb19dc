-- Shared head of every transition. One transition is one call of one script.
-- All keys of a practice carry the same hash tag, so the token keys that a
-- script builds itself live in the slot of KEYS[1].
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local rank = {reserved = 0, stored = 1, landed = 2, unconfirmed = 3,
  filed = 4, retracted = 4, discarded = 4, quarantined = 4}

-- Slack past the end of draining before Redis drops the hash.
local SLACK = 3600000

local function text(number) return string.format('%.0f', number) end

local function split(line, mark)
  local out = {}
  for part in string.gmatch(line .. mark, '(.-)%' .. mark) do out[#out + 1] = part end
  return out
end

local function open(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then return nil end
  local s = {key = key, f = {}, img = {}, dirty = {}}
  for i = 1, #flat, 2 do
    local name, value = flat[i], flat[i + 1]
    if string.sub(name, 1, 2) == 'i:' then
      local p = split(value, '|')
      s.img[string.sub(name, 3)] = {state = p[1], bytes = p[2], sha = p[3], seq = p[4],
        order = p[5], wanted = p[6], refused = p[7], sinks = p[8],
        details = p[9] or '0'} -- a row from before there were details has eight
    else
      s.f[name] = value
    end
  end
  return s
end

local function num(s, name) return tonumber(s.f[name]) or 0 end

local function set(s, name, value)
  if s.f[name] ~= value then
    s.f[name] = value
    s.dirty[name] = value
  end
end

local function bump(s)
  set(s, 'seq', text(num(s, 'seq') + 1))
  return s.f.seq
end

-- put writes an image back under a new sequence number.
local function put(s, id, m)
  m.seq = bump(s)
  s.img[id] = m
  s.dirty['i:' .. id] = table.concat(
    {m.state, m.bytes, m.sha, m.seq, m.order, m.wanted, m.refused, m.sinks, m.details}, '|')
end

local function add(s, id, state, bytes, sha)
  local last = 0
  for _, m in pairs(s.img) do last = math.max(last, tonumber(m.order)) end
  local m = {state = state, bytes = bytes, sha = sha, order = text(last + 1),
    wanted = '0', refused = '0', sinks = '', details = '0'}
  put(s, id, m)
  return m
end

-- outstanding: an image that may still have to travel to the workstation.
local function outstanding(s)
  for _, m in pairs(s.img) do
    if rank[m.state] < 2 then return true end
  end
  return false
end

local function drain(s, since)
  set(s, 'state', 'draining')
  set(s, 'drainuntil', text(since + num(s, 'drain')))
  bump(s)
end

-- advance moves the session on when a time has passed.
local function advance(s)
  if s.f.state == 'waiting' and now >= num(s, 'claimby') then
    if outstanding(s) then
      drain(s, num(s, 'claimby'))
    else
      set(s, 'state', 'expired')
      bump(s)
    end
  end
  if s.f.state == 'paired' and now >= num(s, 'expires') then drain(s, num(s, 'expires')) end
  if s.f.state == 'draining' and now >= num(s, 'drainuntil') then
    set(s, 'state', 'expired')
    bump(s)
  end
end

local function active(s)
  if s.f.state == 'paired' then
    set(s, 'expires', text(math.min(now + num(s, 'idle'), num(s, 'ends'))))
  end
end

local function tokenKey(s, hash)
  return string.gsub(s.key, ':s:.*$', ':t:') .. hash
end

local function detailsKey(s) return (string.gsub(s.key, ':s:', ':d:', 1)) end

local function keptKey(key, hash) return string.gsub(key, ':s:.*$', ':k:') .. hash end

-- keptUntil is until when the phone behind a kept key is kept; '0': it is not.
local function keptUntil(key)
  local til = redis.call('HGET', key, 'until')
  if til and tonumber(til) > now then return til end
  return '0'
end

-- offer takes up what the phone that claims says of itself. One that is kept
-- already is so in this session too.
local function offer(s, recipient, key, mac)
  local it = recipient .. '|' .. key .. '|' .. mac
  if s.f.keep == it then return end
  set(s, 'keep', it)
  set(s, 'kept', keptUntil(keptKey(s.key, key)))
  bump(s) -- so that the workstation is told to look
end

local function offered(s) return split(s.f.keep or '', '|')[2] or '' end

local function sid(s) return string.match(s.key, ':s:(.*)$') end

local function dropAt(s)
  return text(math.max(num(s, 'ends') + num(s, 'drain'), num(s, 'drainuntil'), now) + SLACK)
end

local function commit(s)
  local args = {}
  for name, value in pairs(s.dirty) do
    args[#args + 1] = name
    args[#args + 1] = value
  end
  if #args > 0 then
    redis.call('HSET', s.key, unpack(args))
    redis.call('PEXPIREAT', s.key, dropAt(s))
    for _, m in pairs(s.img) do
      if m.details ~= '0' then
        redis.call('PEXPIREAT', detailsKey(s), dropAt(s))
        break
      end
    end
  end
end

local function saveToken(s)
  local key = tokenKey(s, s.f.token)
  redis.call('SET', key, sid(s))
  redis.call('PEXPIREAT', key, dropAt(s))
end

-- answer writes what changed and returns the code, the time, the session id,
-- the ids the code is about, and the whole hash.
local function answer(s, code, ids)
  commit(s)
  return {code, text(now), sid(s), table.concat(ids or {}, ','), redis.call('HGETALL', s.key)}
end

local function refuse(code) return {code, text(now)} end

-- A phone that was away takes its time: what it captured before the session
-- began to drain may still be announced until the draining is over. The
-- moment of capture is the image id's own (UUIDv7), by the registry's clock as
-- the phone knows it, so some seconds of difference are allowed for.
local CAPTURE_SLACK = 60000

local function capturedIn(s, id)
  local at = tonumber(string.sub(id, 1, 8) .. string.sub(id, 10, 13), 16)
  return at ~= nil and at <= num(s, 'drainuntil') - num(s, 'drain') + CAPTURE_SLACK
end

-- late: closed, but a phone that was away may still send what it has.
local function late(s)
  return s.f.state == 'closed' and s.f.phone ~= '' and now < num(s, 'drainuntil')
end

-- reserve checks every wanted image first and writes only when all may be:
-- it returns a refusal code, or nil. want is id, bytes, sha256, repeated.
local function reserve(s, want)
  local held, total = 0, 0
  for _, m in pairs(s.img) do
    total = total + 1
    if m.state ~= 'retracted' and m.state ~= 'discarded' then held = held + 1 end
  end
  for i = 1, #want, 3 do
    local m = s.img[want[i]]
    local over = s.f.state ~= 'paired' and s.f.state ~= 'draining' and not late(s)
    if not m or m.state == 'reserved' then
      if over then return 'session-over' end
      if tonumber(want[i + 1]) > num(s, 'maxb') then return 'image-too-large' end
    end
    if not m then
      if s.f.state ~= 'paired' and not capturedIn(s, want[i]) then return 'session-draining' end
      held, total = held + 1, total + 1
      -- Places of retracted images are free again, but not without end.
      if held > num(s, 'maxn') or total > 4 * num(s, 'maxn') then return 'too-many-images' end
    end
  end
  for i = 1, #want, 3 do
    local id, bytes, sha = want[i], want[i + 1], want[i + 2]
    local m = s.img[id]
    if s.f.state == 'closed' and (not m or m.state == 'reserved') then
      set(s, 'state', 'draining')
      bump(s)
    end
    if not m then
      add(s, id, 'reserved', bytes, sha)
    elseif m.state == 'reserved' and (m.bytes ~= bytes or m.sha ~= sha) then
      m.bytes, m.sha = bytes, sha
      put(s, id, m)
    end
  end
  active(s)
  return nil
end

-- want remembers that the phone wants an image back.
local function want(s, id, m)
  if rank[m.state] < 4 and m.wanted ~= '1' then
    m.wanted = '1'
    put(s, id, m)
  end
end

-- phone opens a session for the phone whose key hash is given.
local function phone(key, hash)
  local s = open(key)
  if not s then return nil, refuse('session-missing') end
  advance(s)
  if hash == '' or s.f.phone ~= hash then
    commit(s)
    return nil, refuse('phone-replaced')
  end
  -- The workstation may have forgotten it before it knew of this session.
  if (s.f.kept or '0') ~= '0' and keptUntil(keptKey(s.key, offered(s))) == '0' then
    set(s, 'kept', '0')
    bump(s)
  end
  return s
end

