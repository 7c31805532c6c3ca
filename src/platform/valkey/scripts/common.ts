/**
 * What all scripts begin with. A script is one atomic step of the store. It gets one JSON text as `ARGV[1]`, and answers
 * with a list whose first two items are a word and the current epoch.
 *
 * Keys begin with `fl:`. A fingerprint has one part for each fleet key, joined by `+`; the first is written, all are read.
 * An entry is a list of lines, of which the first is the millisecond at which it ends: the time to live of the store only
 * removes what has ended. Numbers become text by `%.0f`, because Lua would shorten them to 14 digits.
 */
import { UNSETTLED_SECONDS } from '../../../core/ledger.ts';

export const COMMON = String.raw`
local UNSETTLED = ${UNSETTLED_SECONDS * 1000}
local q = cjson.decode(ARGV[1])
local now = q.now
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function text(number)
  return string.format('%.0f', number)
end

local function names(part, key)
  local list = {}
  for one in string.gmatch(key, '[^+]+') do list[#list + 1] = 'fl:' .. part .. ':' .. one end
  return list
end

-- The lines of an entry that has not ended.
local function get(name)
  local stored = redis.call('GET', name)
  if not stored then return nil end
  local lines = {}
  for line in string.gmatch(stored .. '\n', '(.-)\n') do lines[#lines + 1] = line end
  if tonumber(lines[1]) <= now then return nil end
  return lines
end

-- The first entry under any name of a key, and that name.
local function find(part, key)
  for _, name in ipairs(names(part, key)) do
    local lines = get(name)
    if lines then return lines, name end
  end
  return nil
end

local function put(name, seconds, ...)
  if seconds <= 0 then return end
  local lines = table.concat({ text(now + seconds * 1000), ... }, '\n')
  redis.call('SET', name, lines, 'PX', text(math.ceil(seconds * 1000)))
end

local function remove(part, key)
  for _, name in ipairs(names(part, key)) do redis.call('DEL', name) end
end

local function epochAt(field)
  return tonumber(redis.call('HGET', 'fl:epochs', field) or 0) or 0
end

-- The last end of the answers, or of the counts, of a backend.
local function endOf(what, backend)
  local all = epochAt(what)
  if not backend then return all end
  return math.max(all, epochAt(what .. ' ' .. backend))
end

local current = epochAt('current')
local function nextEpoch()
  return math.max(now * 1000 + q.random, current + 1, q.seen + 1)
end
`;

/** The store shows an older epoch than a broker has seen: it was restored, or a replica that lagged took over. */
export const REFUSE_BEHIND = `
if current < q.seen then return { 'behind', text(current) } end
`;
