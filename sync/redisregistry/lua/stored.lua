-- KEYS: session. ARGV: phone key hash, number of stored images, then per
-- stored image: id, bytes, sha256 as the object store has them (bytes -1 when
-- the object is not there), then per next image: id, bytes, sha256.
local s, refusal = phone(KEYS[1], ARGV[1])
if not s then return refusal end
local last = 2 + 3 * tonumber(ARGV[2])
local code, bad = 'ok', {}
for i = 3, last, 3 do
  local id, bytes, sha = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local m = s.img[id]
  local wrong
  if not m then
    wrong = 'not-reserved'
  elseif m.state == 'reserved' then
    if s.f.state ~= 'paired' and s.f.state ~= 'draining' then
      wrong = 'session-over'
    elseif bytes == '-1' then
      wrong = 'not-uploaded'
    elseif bytes ~= m.bytes or sha ~= m.sha then
      wrong = 'image-mismatch'
    else
      m.state = 'stored'
      put(s, id, m)
    end
  end
  if wrong then
    code = code == 'ok' and wrong or code
    bad[#bad + 1] = id
  end
end
active(s)
if code ~= 'ok' then return answer(s, code, bad) end
-- A next image that may not be reserved is left out of the answer: what has
-- been stored stays said, and the phone hears the reason when it asks alone.
local want = {}
for i = last + 1, #ARGV do want[i - last] = ARGV[i] end
reserve(s, want)
return answer(s, 'ok')
