-- KEYS: session. ARGV: new token hash, drop phone 0/1.
local s = open(KEYS[1])
if not s then return refuse('session-missing') end
advance(s)
-- The same token again is a retry: a phone paired meanwhile is kept.
if s.f.token == ARGV[1] then return answer(s, 'ok') end
if s.f.state == 'draining' then return answer(s, 'session-draining') end
local unclaimed = s.f.state == 'expired' and s.f.drainuntil == '0' and now < num(s, 'ends')
if s.f.state ~= 'waiting' and s.f.state ~= 'paired' and not unclaimed then
  return answer(s, 'session-over')
end
redis.call('DEL', tokenKey(s, s.f.token))
set(s, 'token', ARGV[1])
if ARGV[2] == '1' or s.f.state ~= 'paired' then
  set(s, 'state', 'waiting')
  set(s, 'phone', '')
  set(s, 'pdone', '0')
  set(s, 'keep', '')
  set(s, 'kept', '0')
  set(s, 'claimby', text(math.min(now + num(s, 'claim'), num(s, 'ends'))))
end
bump(s)
saveToken(s)
return answer(s, 'ok')
