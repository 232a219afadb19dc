-- KEYS: session. ARGV: phone key hash, image id, n, mac, sealed as base64, the
-- highest n there may be. The highest n wins; one that is not higher changes
-- nothing. Once the workstation has decided on the image its details stay.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
local id, n = ARGV[2], tonumber(ARGV[3])
local m = s.img[id]
if not m then return answer(s, 'image-unknown', {id}) end
if n <= tonumber(m.details) then return answer(s, 'ok') end
if rank[m.state] > 2 then return answer(s, 'image-filed', {id}) end
if s.f.state ~= 'paired' and s.f.state ~= 'draining' and not late(s) then
  return answer(s, 'session-over')
end
if n > tonumber(ARGV[6]) then return answer(s, 'rate-limited', {id}) end
redis.call('HSET', detailsKey(s), id, text(n) .. '|' .. ARGV[4] .. '|' .. ARGV[5])
m.details = text(n)
put(s, id, m)
return answer(s, 'ok')
