-- KEYS: session. ARGV: phone key hash, keep 0/1, why: 1 it shows another
-- patient, 2 nobody agreed to photos. No new photo, and without keep the phone
-- wants back what is not filed. Saying so again, without keep, still takes them
-- back; why stays as it was said first.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
if s.f.state == 'paired' then drain(s, now) end
if s.f.left ~= '1' and s.f.left ~= '2' then
  set(s, 'left', ARGV[3])
  bump(s)
end
if ARGV[2] ~= '1' then
  for id, m in pairs(s.img) do want(s, id, m) end
end
return answer(s, 'ok')
