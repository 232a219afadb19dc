-- KEYS: kept phone. ARGV: n, and the link as one line, or nothing for none. The
-- highest n counts; one that is not higher changes nothing.
if keptUntil(KEYS[1]) == '0' then return refuse('phone-forgotten') end
if tonumber(ARGV[1]) > tonumber(redis.call('HGET', KEYS[1], 'n') or '0') then
  redis.call('HSET', KEYS[1], 'n', ARGV[1], 'next', ARGV[2])
end
return {'ok', text(now)}
