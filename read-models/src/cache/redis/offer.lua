-- Takes a reader's document or page, unless a product may have changed since it was read.
-- KEYS: the mark, the entry. ARGV: 'document' or 'page', the position that it was read at, its life in ms, its tag, its
-- body. Returns 1, or 0 if it was refused. Positions stay far below 2^53, up to which Lua's numbers are exact.
local mark = redis.call('GET', KEYS[1])
if not mark then
  return 0
end
local filling, position, changed_at = string.match(mark, '^(%x+) complete (%d+) (%d+)$')
if not filling then
  return 0
end
-- Which documents changed up to the mark's position isn't known; whether any did, is: that is what a page is about.
local made_at = position
if ARGV[1] == 'page' then
  made_at = changed_at
end
if tonumber(ARGV[2]) < tonumber(made_at) then
  return 0
end
redis.call('SET', KEYS[2], filling .. ' ' .. made_at .. ' ' .. ARGV[4] .. '\n' .. ARGV[5], 'PX', ARGV[3])
return 1
