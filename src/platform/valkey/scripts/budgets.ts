/**
 * Counts of budgets, as in `ledger/tally.ts`: a hash with the wrong passwords, and a sorted set of the attempts under
 * way by the time when they began. While fleet keys are rotated a count has a part under each key, and their sum counts.
 */
export const BUDGETS = String.raw`
-- Known passwords and holds that are older do not count any more.
local function epochOf(backend)
  if backend then return endOf('answers', backend) end
  return endOf('counts', nil)
end

local function isKnown(kind, guess, epoch)
  for _, name in ipairs(names('known:' .. kind, guess)) do
    local lines = get(name)
    if lines and tonumber(lines[2]) >= epoch then return true end
  end
  return false
end

local function wrongIn(part)
  return part.wrong - part.cleared
end

local function wrongOf(tally)
  local sum = 0
  for _, part in ipairs(tally.parts) do sum = sum + wrongIn(part) end
  return sum
end

local function countOf(tally)
  return wrongOf(tally) + tally.open
end

local function addWrong(tally, part, at)
  local ends = at + tally.budget.window * 1000
  if wrongIn(part) == 0 then part.ends = ends end
  part.wrong = part.wrong + 1
  if not tally.budget.isClearedBySuccess then return end
  for _, other in ipairs(tally.parts) do
    if wrongIn(other) > 0 then other.ends = math.max(other.ends, ends) end
  end
end

local function loadPart(name, epoch)
  local stored = redis.call('HMGET', 'fl:count:' .. name, 'wrong', 'cleared', 'ends', 'epoch')
  local part = { name = name, lost = {} }
  part.wrong = tonumber(stored[1] or 0)
  part.cleared = tonumber(stored[2] or 0)
  part.ends = tonumber(stored[3] or 0)
  if tonumber(stored[4] or 0) < epoch then part.cleared = part.wrong end
  part.epoch = epoch
  return part
end

-- Reads a count and brings it up to date. Nothing is written before save.
local function load(budget, backend)
  local epoch = endOf('counts', backend)
  local tally = { budget = budget, parts = {}, open = 0 }
  for _, name in ipairs(names(budget.kind, budget.key)) do
    tally.parts[#tally.parts + 1] = loadPart(string.sub(name, 4), epoch)
  end
  for _, part in ipairs(tally.parts) do
    local open = 'fl:open:' .. part.name
    tally.open = tally.open + redis.call('ZCARD', open)
    local lost = redis.call('ZRANGEBYSCORE', open, '-inf', text(now - UNSETTLED), 'WITHSCORES')
    for at = 1, #lost, 2 do
      part.lost[#part.lost + 1] = lost[at]
      tally.open = tally.open - 1
      addWrong(tally, part, tonumber(lost[at + 1]) + UNSETTLED)
    end
  end
  -- An attempt under way may have extended the window of the directory already.
  local isExtended = budget.isClearedBySuccess and tally.open > 0
  for _, part in ipairs(tally.parts) do
    if part.ends <= now and not isExtended then part.cleared = part.wrong end
  end
  return tally
end

local function save(tally)
  local ttl = text((tally.budget.window * 1000) + UNSETTLED)
  for _, part in ipairs(tally.parts) do
    local count, open = 'fl:count:' .. part.name, 'fl:open:' .. part.name
    for _, id in ipairs(part.lost) do redis.call('ZREM', open, id) end
    if wrongIn(part) == 0 and tally.open == 0 then
      redis.call('DEL', count, open)
    else
      redis.call('HSET', count, 'wrong', text(part.wrong), 'cleared', text(part.cleared),
        'ends', text(part.ends), 'epoch', text(part.epoch))
      redis.call('PEXPIRE', count, ttl)
      redis.call('PEXPIRE', open, ttl)
    end
  end
end
`;
