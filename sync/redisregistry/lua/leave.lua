-- KEYS: session. ARGV: phone key hash, keep 0/1. The phone leaves because it
-- shows another patient: no new photo, and without keep it wants back what is
-- not filed. Saying so again, without keep, still takes them back.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
if s.f.state == 'paired' then drain(s, now) end
if s.f.left ~= '1' then
  set(s, 'left', '1')
  bump(s)
end
if ARGV[2] ~= '1' then
  for id, m in pairs(s.img) do want(s, id, m) end
end
return answer(s, 'ok')
