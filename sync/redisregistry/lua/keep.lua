-- KEYS: session. ARGV: kept key hash, until, the longest there may be in ms. The
-- phone that the session is bound to is kept from here on; again, with another
-- time, it is kept until then.
local s = open(KEYS[1])
if not s then return refuse('session-missing') end
advance(s)
if s.f.state == 'draining' then return answer(s, 'session-draining') end
if s.f.state ~= 'paired' then return answer(s, 'session-over') end
if offered(s) ~= ARGV[1] then return answer(s, 'phone-replaced') end
local til = math.min(tonumber(ARGV[2]), now + tonumber(ARGV[3]))
if til <= now then return answer(s, 'phone-forgotten') end
local key = keptKey(s.key, ARGV[1])
if redis.call('EXISTS', key) == 0 then redis.call('HSET', key, 'n', '0', 'next', '') end
redis.call('HSET', key, 'until', text(til))
redis.call('PEXPIREAT', key, text(til))
if s.f.kept ~= text(til) then
  set(s, 'kept', text(til))
  bump(s)
end
return answer(s, 'ok')
