-- KEYS: session. ARGV per image: id, state, refuse 0/1, bytes, sha256, sinks.
local s = open(KEYS[1])
if not s then return refuse('session-missing') end
advance(s)

-- missing: a stored image is not in the object store. The phone, which holds
-- it until it has landed, is to send it again, and has another draining time
-- for it when the session was over.
local function missing(id)
  local m = s.img[id]
  if not m or m.state ~= 'stored' then return end
  m.state = 'reserved'
  put(s, id, m)
  if s.f.phone ~= '' and (s.f.state == 'closed' or s.f.state == 'expired') then drain(s, now) end
end

local function mark(id, state, refused, bytes, sha, sinks)
  local m = s.img[id] or add(s, id, state, bytes, sha)
  local changed = false
  if rank[state] > rank[m.state] then
    m.state, changed = state, true
    -- What the workstation holds is what counts from here on.
    if sha ~= '' then m.bytes, m.sha = bytes, sha end
  end
  if refused == '1' and m.refused ~= '1' then m.refused, changed = '1', true end
  for _, sink in ipairs(split(sinks, ',')) do
    if sink ~= '' and state == m.state and not string.find(',' .. m.sinks .. ',', ',' .. sink .. ',', 1, true) then
      if m.sinks ~= '' then m.sinks = m.sinks .. ',' end
      m.sinks, changed = m.sinks .. sink, true
    end
  end
  if changed then put(s, id, m) end
end

for i = 1, #ARGV, 6 do
  if ARGV[i + 1] == 'reserved' then
    missing(ARGV[i])
  else
    mark(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5])
  end
end
if s.f.state == 'draining' and not outstanding(s) then
  set(s, 'state', 'closed')
  bump(s)
end
return answer(s, 'ok')
