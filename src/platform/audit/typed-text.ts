/** Texts from clients, as they may be in the log and in the list of decisions. */
import { hasFairleadPrefix } from '../../core/fairlead-prefix.ts';
import { isToken } from '../../core/token-shape.ts';

const MAX_TEXT = 256;

/** A broken form can join the name and the password: `alice)password=…`. */
const JOINED_PASSWORD = /password=.*/is;

/** A text that a client sent. A token in the wrong field, or a password behind the name, is not shown. */
export function typed(text: string): string {
  if (isToken(text) || hasFairleadPrefix(text)) return '[token]';
  return bounded(text).replace(JOINED_PASSWORD, 'password=[hidden]');
}

function bounded(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
}
