-- KEYS: session.
local s = open(KEYS[1])
if not s then return refuse('session-missing') end
advance(s)
return answer(s, 'ok')
