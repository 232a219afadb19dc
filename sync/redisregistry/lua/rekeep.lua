-- KEYS: kept phone. ARGV: its key hash, until, the longest there may be in ms,
-- then the keys of sessions that say it is kept. What a registry lost is put
-- back from the workstation's copy; what is there stays.
local til = math.min(tonumber(ARGV[2]), now + tonumber(ARGV[3]))
if til <= now then return refuse('phone-forgotten') end
if keptUntil(KEYS[1]) == '0' then
  redis.call('HSET', KEYS[1], 'until', text(til), 'n', '0', 'next', '')
  redis.call('PEXPIREAT', KEYS[1], text(til))
end
for i = 4, #ARGV do
  local s = open(ARGV[i])
  if s and offered(s) == ARGV[1] and (s.f.kept or '0') == '0' then
    set(s, 'kept', keptUntil(KEYS[1]))
    bump(s)
    commit(s)
  end
end
return {'ok', text(now)}
