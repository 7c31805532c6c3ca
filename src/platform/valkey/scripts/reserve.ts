/** Counts an attempt in all of its budgets, or in none. */
import { BUDGETS } from './budgets.ts';
import { COMMON, REFUSE_BEHIND } from './common.ts';

export const RESERVE = `${COMMON}${REFUSE_BEHIND}${BUDGETS}
local epoch = epochOf(q.backend)

local places = {}
for index, budget in ipairs(q.budgets) do
  if not isKnown(budget.kind, budget.guess or q.password, epoch) then
    places[#places + 1] = { index = index - 1, budget = budget }
  end
end
local known = #places == 0
if #q.budgets == 0 then known = isKnown('account', q.password, epoch) end
if known then return { 'known', text(current) } end
if q.account then
  for _, name in ipairs(names('hold', q.account)) do
    local lines = get(name)
    if lines and tonumber(lines[2]) >= epoch then return { 'on-hold', text(current) } end
  end
end

local over, kinds = {}, {}
for _, place in ipairs(places) do
  place.tally = load(place.budget, q.backend)
  if countOf(place.tally) >= place.budget.limit then
    over[#over + 1] = place
    kinds[place.budget.kind] = true
  end
end

local trusted = { password = find('trusted', q.trust.password) ~= nil }
trusted.network = q.trust.network ~= nil and find('trusted', q.trust.network) ~= nil
trusted.either = trusted.password or trusted.network
trusted.both = trusted.password and trusted.network

-- Trust lifts the limits of one kind only.
local kindsOver = 0
for _ in pairs(kinds) do kindsOver = kindsOver + 1 end
local function limitOf(budget)
  if kindsOver == 1 and budget.trusted and trusted[budget.trusted.by] then return budget.trusted.limit end
  return budget.limit
end

-- Of each place: the index of its budget, its count, and where it began in each part.
local function reply(word, ...)
  local items = { word, text(current), ... }
  for _, place in ipairs(places) do
    local sequences = {}
    for _, part in ipairs(place.tally.parts) do sequences[#sequences + 1] = text(part.wrong) end
    items[#items + 1] = text(place.index) .. ' ' .. text(countOf(place.tally)) .. ' ' .. table.concat(sequences, '+')
  end
  return items
end

-- It does not extend the window: otherwise a client that keeps trying could never log in again.
local function countRefused(place)
  local most = place.budget.limit
  if place.budget.trusted then most = math.max(most, place.budget.trusted.limit) end
  if not place.budget.countsRefused or countOf(place.tally) >= most then return end
  local part = place.tally.parts[1]
  if wrongOf(place.tally) == 0 then addWrong(place.tally, part, now)
  else
    if wrongIn(part) == 0 then part.ends = now + place.budget.window * 1000 end
    part.wrong = part.wrong + 1
  end
  save(place.tally)
end

local blocking, full = false, nil
for _, place in ipairs(over) do
  if countOf(place.tally) >= limitOf(place.budget) then
    blocking = true
    if not full and wrongOf(place.tally) >= limitOf(place.budget) then full = place end
  end
end
if full then
  local ends = 0
  for _, part in ipairs(full.tally.parts) do ends = math.max(ends, part.ends) end
  local wait = text(math.max(1, math.ceil((ends - now) / 1000)))
  for _, place in ipairs(places) do countRefused(place) end
  return reply('full', full.budget.kind, wait)
end
if blocking then return reply('busy', trusted.either and '1' or '0') end

local most = 1
for _, place in ipairs(places) do
  redis.call('ZADD', 'fl:open:' .. place.tally.parts[1].name, text(now), q.id)
  place.tally.open = place.tally.open + 1
  most = math.max(most, place.tally.open)
  save(place.tally)
end
return reply('go', text(most))
`;
