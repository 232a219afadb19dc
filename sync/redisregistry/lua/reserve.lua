-- KEYS: session. ARGV: phone key hash, then per image: id, bytes, sha256.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
local want = {}
for i = 2, #ARGV do want[i - 1] = ARGV[i] end
return answer(s, reserve(s, want) or 'ok')
