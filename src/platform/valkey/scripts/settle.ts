/** Counts or releases an attempt, and caches the answer. */
import { BUDGETS } from './budgets.ts';
import { COMMON, REFUSE_BEHIND } from './common.ts';

export const SETTLE = `${COMMON}${REFUSE_BEHIND}${BUDGETS}
local function release(tally, id)
  for _, part in ipairs(tally.parts) do
    -- After UNSETTLED it is counted as wrong already.
    for _, lost in ipairs(part.lost) do
      if lost == id then return false end
    end
    if redis.call('ZREM', 'fl:open:' .. part.name, id) == 1 then
      tally.open = tally.open - 1
      return true
    end
  end
  return false
end

local function settlePlace(attempt, place)
  local budget = place.budget
  local tally = load(budget, attempt.backend)
  if not release(tally, attempt.id) then return end
  local epoch = epochOf(attempt.backend)
  -- An equal guess at the same time may have been counted first.
  local counts = budget.kind == 'account' or not isKnown(budget.kind, budget.guess or attempt.password, epoch)
  if q.outcome == 'wrong' and counts then addWrong(tally, tally.parts[1], now) end
  if q.outcome == 'success' and budget.isClearedBySuccess then
    for at, part in ipairs(tally.parts) do part.cleared = math.max(part.cleared, place.sequences[at] or 0) end
  end
  save(tally)
end

if q.attempt then
  local guesses = {}
  if #q.attempt.places == 0 then guesses.account = q.attempt.password end
  for _, place in ipairs(q.attempt.places) do
    settlePlace(q.attempt, place)
    guesses[place.budget.kind] = place.budget.guess or q.attempt.password
  end
  if q.outcome == 'wrong' then
    for kind, guess in pairs(guesses) do
      put(names('known:' .. kind, guess)[1], q.knownSeconds, text(q.attempt.epoch))
    end
  end
end

if q.trust and q.outcome ~= 'none' then
  for _, key in pairs(q.trust.keys) do
    if q.outcome == 'success' then put(names('trusted', key)[1], q.trust.seconds, '')
    else remove('trusted', key) end
  end
end

if q.hold then
  local epoch = current
  if q.attempt then epoch = q.attempt.epoch end
  put(names('hold', q.hold.account)[1], q.hold.seconds, text(epoch))
end

if q.endsLoginsOf then remove('latest', q.endsLoginsOf) end

-- An answer has the epoch of its flight: what has ended since then ends this answer as well.
local function settleAnswer(flight, answer)
  if answer.kind == 'refusal' then
    put(names('refusal', flight.login)[1], answer.seconds, text(flight.epoch), answer.sealed)
    return
  end
  local ended = find('ended', answer.account)
  if ended and flight.epoch < tonumber(ended[2]) then return end
  local key = names('success', flight.login)[1]
  remove('latest', answer.account)
  put(names('latest', answer.account)[1], answer.seconds, key)
  put(key, answer.seconds, text(flight.epoch), text(now + answer.freshSeconds * 1000), answer.account,
    answer.name or '', answer.sealed)
end

if q.flight then
  if q.answer then settleAnswer(q.flight, q.answer) end
  local flight = find('flight', q.flight.login)
  if flight and flight[3] == q.flight.id then remove('flight', q.flight.login) end
  redis.call('PUBLISH', 'fl:settled', names('flight', q.flight.login)[1])
end
return { 'settled', text(current) }
`;
