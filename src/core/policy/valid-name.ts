/**
 * The grammar of repository names as an automaton: what `repositorySegments` accepts, character by character, with a
 * slash after each segment. A placeholder's value is read at once, as `{name}`: it begins and ends with a letter or digit.
 */

/** Where in a name the reading is; the part before the colon says which segment, the first one may have a port. */
export type NameState = `${'first' | 'later'}:${Within}`;
type Within = 'start' | 'text' | '.' | '_' | '__' | '-' | `port${0 | 1 | 2 | 3 | 4 | 5}`;

export const NAME_START: NameState = 'first:start';

/** Whether the name may end here. */
export function isWholeName(state: NameState): boolean {
  return state === 'later:start';
}

/** @returns undefined when no valid name goes on so */
export function nextInName(state: NameState, input: string): NameState | undefined {
  const isFirst = state.startsWith('first:');
  const within = state.slice('first:'.length);
  if (input === '/') return within === 'text' || /^port[1-5]$/.test(within) ? 'later:start' : undefined;
  const next = within.startsWith('port') ? nextInPort(within, input) : nextInSegment(within, input, isFirst);
  return next === undefined ? undefined : `${isFirst ? 'first' : 'later'}:${next}`;
}

function nextInSegment(within: string, input: string, isFirst: boolean): Within | undefined {
  if (/^[a-z0-9{]/.test(input)) return 'text';
  if (within === 'text') {
    if (input === ':') return isFirst ? 'port0' : undefined;
    return input === '.' || input === '_' || input === '-' ? input : undefined;
  }
  if (within === '_' && input === '_') return '__';
  return within === '-' && input === '-' ? '-' : undefined;
}

const PORTS = ['port0', 'port1', 'port2', 'port3', 'port4', 'port5'] as const;

function nextInPort(within: string, input: string): Within | undefined {
  // A value may have any number of digits: one is the least, so that nothing valid is left out.
  return /^[0-9{]/.test(input) ? PORTS[PORTS.findIndex((port) => port === within) + 1] : undefined;
}
