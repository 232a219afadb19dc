-- KEYS: session. ARGV: phone key hash.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
if s.f.pdone ~= '1' then
  set(s, 'pdone', '1')
  bump(s)
end
return answer(s, 'ok')
