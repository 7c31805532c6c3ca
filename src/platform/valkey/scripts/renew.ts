/** Extends the flights of a broker that still asks. One that has ended, or that another broker has taken over, stays so. */
import { COMMON, REFUSE_BEHIND } from './common.ts';
import { FLIGHT_SECONDS } from './recall.ts';

export const RENEW = `${COMMON}${REFUSE_BEHIND}
for _, one in ipairs(q.flights) do
  local flight, name = find('flight', one.login)
  if flight and flight[3] == one.id then put(name, ${FLIGHT_SECONDS}, flight[2], flight[3]) end
end
return { 'renewed', text(current) }
`;
