// Sent whole with every call: Redis keeps a script by its text, and one that was forgotten with a
// restart or a flush needs no second round trip.

/**
 * KEYS: to read. ARGV: the longest ttl in ms, the longest entry in bytes. For each key the entry,
 * or nil where none stands: `pcall`, because a key of another type is no error but no entry.
 */
export const readScript = `
local longest, bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local found = {}
for i, key in ipairs(KEYS) do
  local held = redis.pcall('GETRANGE', key, 0, bytes)
  local left = redis.call('PTTL', key)
  local ours = type(held) == 'string' and #held > 0 and #held <= bytes
  found[i] = ours and left > 0 and left <= longest and held
end
return found`;

/**
 * KEYS: to write. ARGV: the longest ttl in ms, the length of a head, then for each key the entry
 * and its ttl in ms. How many were not kept, because an entry with a greater head stands there.
 */
export const writeScript = `
local longest, head = tonumber(ARGV[1]), tonumber(ARGV[2])
local outrun = 0
for i, key in ipairs(KEYS) do
  local entry, ttl = ARGV[2 * i + 1], ARGV[2 * i + 2]
  local held = redis.pcall('GETRANGE', key, 0, head - 1)
  local left = redis.call('PTTL', key)
  local ours = type(held) == 'string' and #held == head and not string.find(held, '%D')
  if ours and left > 0 and left <= longest and held > string.sub(entry, 1, head) then
    outrun = outrun + 1
  else
    redis.call('SET', key, entry, 'PX', ttl)
  end
end
return outrun`;
