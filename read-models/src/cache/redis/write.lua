-- Replaces the mark, and writes and deletes documents with it, if the mark is still the one that the writer left.
-- KEYS: the mark, then documents. ARGV: the mark that must stand, the one that is to stand, its life in ms; then for
-- each document its life in ms and its text, empty if it is gone. Returns 1, or 0 if nothing was changed.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
for n = 2, #KEYS do
  local life, text = ARGV[2 * n], ARGV[2 * n + 1]
  if text == '' then
    redis.call('DEL', KEYS[n])
  else
    redis.call('SET', KEYS[n], text, 'PX', life)
  end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
