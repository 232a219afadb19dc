-- KEYS: session. ARGV: phone key hash, then image ids. Only the workstation
-- decides: this says what the phone wants, and remembers it for an image
-- whose reservation the registry has lost.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
local total = 0
for _ in pairs(s.img) do total = total + 1 end
for i = 2, #ARGV do
  local m = s.img[ARGV[i]]
  if not m then
    total = total + 1
    if s.f.state ~= 'paired' and s.f.state ~= 'draining' then return answer(s, 'session-over') end
    if total > 4 * num(s, 'maxn') then return answer(s, 'too-many-images') end
    m = add(s, ARGV[i], 'reserved', '0', '')
  end
  want(s, ARGV[i], m)
end
return answer(s, 'ok')
