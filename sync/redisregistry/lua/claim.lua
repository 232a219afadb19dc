-- KEYS: token. ARGV: prefix of session keys, token hash, phone key hash, and
-- where the phone can be kept: its recipient, kept key hash, mac.
local id = redis.call('GET', KEYS[1])
if not id then return refuse('link-unknown') end
local s = open(ARGV[1] .. id)
if not s then return refuse('session-missing') end
advance(s)
if s.f.token ~= ARGV[2] then return answer(s, 'link-unknown') end
if s.f.phone == ARGV[3] then
  if ARGV[4] ~= '' then offer(s, ARGV[4], ARGV[5], ARGV[6]) end
  return answer(s, 'ok')
end
if s.f.state == 'paired' then return answer(s, 'link-used') end
if s.f.state ~= 'waiting' then return answer(s, 'link-unknown') end
set(s, 'phone', ARGV[3])
set(s, 'state', 'paired')
set(s, 'keep', '')
set(s, 'kept', '0')
bump(s)
if ARGV[4] ~= '' then offer(s, ARGV[4], ARGV[5], ARGV[6]) end
active(s)
return answer(s, 'ok')
