/** `fairlead tokens check-leak`: revokes the valid tokens in a text that has leaked. */
import type { Readable } from 'node:stream';
import { loadBroker } from '../../config/load.ts';
import { revokeLeakedTokens } from '../../flows/leaked-tokens.ts';
import { personalTokenSecrets } from '../../platform/personal-token-secrets.ts';
import type { SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output, Terminal } from '../output.ts';
import { collectEvents, OPERATOR, reportRevoked, revokedLine, shownRevoked } from './revoke.ts';
import { withTokenStores } from './stores.ts';

export async function checkLeak(options: SharedOptions, output: Output, { stdin }: Terminal): Promise<number> {
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const audit = collectEvents();
  const { digest } = personalTokenSecrets;
  const found = await withTokenStores(config, NOTHING, (stores) =>
    revokeLeakedTokens({ ...stores, digest, audit }, textOf(stdin), OPERATOR),
  );
  const { events } = audit;
  const { whole, damaged } = found;
  output.result(
    [
      ...events.map(revokedLine),
      `${count(whole, 'token')} found, ${events.length} valid and now revoked, ${damaged} damaged`,
    ],
    { found: whole, damaged, revoked: events.map(shownRevoked) },
  );
  const isReached = await reportRevoked(config.stateDir, events, output);
  return events.length === 0 && isReached ? EXIT.ok : EXIT.no;
}

const NOTHING = { whole: 0, damaged: 0, personalTokens: [], refreshTokens: [] };

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

async function* textOf(stdin: Readable): AsyncGenerator<string> {
  // A token is ASCII, so the bytes of any file can be searched as characters.
  for await (const chunk of stdin) yield Buffer.isBuffer(chunk) ? chunk.toString('latin1') : String(chunk);
}
