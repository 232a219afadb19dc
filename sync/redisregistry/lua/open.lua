-- KEYS: session. ARGV: token, pname, idle, drain, claim, life, maxn, maxb,
-- asks, then for a restore: state, phone, pdone, created, expires, ends, claimby,
-- drainuntil, left, keep, kept, seq, then per image: id and its fields as one line.
local s = open(KEYS[1])
if s then
  advance(s)
  -- An evicted token key would leave the QR code dead.
  if s.f.state == 'waiting' or s.f.state == 'paired' then saveToken(s) end
  return answer(s, 'ok')
end
s = {key = KEYS[1], f = {}, img = {}, dirty = {}}
set(s, 'v', '1')
set(s, 'token', ARGV[1])
set(s, 'pname', ARGV[2])
set(s, 'idle', ARGV[3])
set(s, 'drain', ARGV[4])
set(s, 'claim', ARGV[5])
set(s, 'maxn', ARGV[7])
set(s, 'maxb', ARGV[8])
set(s, 'asks', ARGV[9])
if #ARGV == 9 then
  local ends = now + tonumber(ARGV[6])
  set(s, 'state', 'waiting')
  set(s, 'phone', '')
  set(s, 'pdone', '0')
  set(s, 'created', text(now))
  set(s, 'expires', text(math.min(now + tonumber(ARGV[3]), ends)))
  set(s, 'ends', text(ends))
  set(s, 'claimby', text(math.min(now + tonumber(ARGV[5]), ends)))
  set(s, 'drainuntil', '0')
  set(s, 'left', '0')
  set(s, 'keep', '')
  set(s, 'kept', '0')
  set(s, 'seq', '1')
else
  local names = {'state', 'phone', 'pdone', 'created', 'expires', 'ends', 'claimby', 'drainuntil', 'left',
    'keep', 'kept'}
  for i, name in ipairs(names) do set(s, name, ARGV[9 + i]) end
  -- Hints are told apart by seq: a lost hash may have used numbers that the
  -- copy does not know, so a restored one starts well past them.
  set(s, 'seq', text(tonumber(ARGV[21]) + 1000))
  for i = 22, #ARGV, 2 do s.dirty['i:' .. ARGV[i]] = ARGV[i + 1] end
  commit(s)
  s = open(KEYS[1])
  advance(s)
  -- Both were away for longer than the draining: what is on the way gets
  -- another one.
  if s.f.state == 'expired' and s.f.phone ~= '' and outstanding(s) then drain(s, now) end
end
if s.f.state == 'waiting' or s.f.state == 'paired' then saveToken(s) end
return answer(s, 'ok')
