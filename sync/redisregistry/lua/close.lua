-- KEYS: session.
local s = open(KEYS[1])
if not s then return refuse('session-missing') end
advance(s)
if s.f.state == 'waiting' or s.f.state == 'paired' then drain(s, now) end
if s.f.state == 'draining' and not outstanding(s) then
  set(s, 'state', 'closed')
  bump(s)
end
return answer(s, 'ok')
