-- KEYS: kept phone. Answers until when it is kept, and the link on offer.
local til = keptUntil(KEYS[1])
if til == '0' then return refuse('phone-forgotten') end
return {'ok', text(now), til, redis.call('HGET', KEYS[1], 'next') or ''}
