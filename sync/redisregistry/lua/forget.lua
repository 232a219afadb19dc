-- KEYS: kept phone. ARGV: its key hash, then the keys of sessions that say it
-- is kept. None of them has to be there.
redis.call('DEL', KEYS[1])
for i = 2, #ARGV do
  local s = open(ARGV[i])
  if s and offered(s) == ARGV[1] and (s.f.kept or '0') ~= '0' then
    set(s, 'kept', '0')
    bump(s)
    commit(s)
  end
end
return {'ok', text(now)}
