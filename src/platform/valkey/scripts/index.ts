/** The scripts by name, each with the digest by which the store knows it. */
import { createHash } from 'node:crypto';
import { ADD_WRONG } from './add-wrong.ts';
import { END } from './end.ts';
import { RECALL } from './recall.ts';
import { RENEW } from './renew.ts';
import { RESERVE } from './reserve.ts';
import { SETTLE } from './settle.ts';
import { SYNC } from './sync.ts';

interface Script {
  readonly text: string;
  readonly digest: string;
}

export const SCRIPTS = {
  recall: script(RECALL),
  renew: script(RENEW),
  reserve: script(RESERVE),
  settle: script(SETTLE),
  end: script(END),
  sync: script(SYNC),
  addWrong: script(ADD_WRONG),
} as const;

export type ScriptName = keyof typeof SCRIPTS;

/** SHA-1, as EVALSHA expects. */
function script(text: string): Script {
  return { text, digest: createHash('sha1').update(text).digest('hex') };
}
