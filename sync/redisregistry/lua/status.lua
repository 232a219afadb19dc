-- KEYS: session. ARGV: phone key hash.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
return answer(s, 'ok')
