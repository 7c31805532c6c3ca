/** `fairlead tokens check-leak`: revokes the valid tokens in a text that has leaked. */
import type { Readable } from 'node:stream';
import { collecting, shownRevoked } from '../../app/api/shown-tokens.ts';
import { loadBroker } from '../../config/load.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { revokeLeakedTokens, tokenCandidates } from '../../flows/leaked-tokens.ts';
import { personalTokenSecrets } from '../../platform/personal-token-secrets.ts';
import type { SharedOptions } from '../command.ts';
import { EXIT } from '../output.ts';
import type { Output, Terminal } from '../output.ts';
import { plural } from '../plural.ts';
import { atBroker, checkLeakAtBrokers } from './at-broker.ts';
import type { Revoked } from './at-broker.ts';
import { OPERATOR, reportReach, revokedJson, revokedLine } from './revoke.ts';
import { withTokenStores } from './stores.ts';

export async function checkLeak(options: SharedOptions, output: Output, { stdin }: Terminal): Promise<number> {
  const { config } = await loadBroker(options.config, { secrets: 'unused' });
  const candidates = await tokenCandidates(textOf(stdin));
  const { found: atBrokers, unavailable } = await atBroker(() => checkLeakAtBrokers(config.stateDir, candidates));
  const { tokens, found, damaged, problems } = atBrokers ?? (await checkStored(config, candidates));
  output.result(
    [
      ...tokens.map(revokedLine),
      `${plural(found, 'token')} found, ${tokens.length} valid and now revoked, ${damaged} damaged`,
    ],
    { found, damaged, revoked: tokens.map(revokedJson) },
  );
  const isReached = reportReach(problems, tokens.length > 0 ? unavailable : undefined, output);
  return tokens.length === 0 && isReached ? EXIT.ok : EXIT.no;
}

interface Leak extends Revoked {
  readonly found: number;
  readonly damaged: number;
}

const NOTHING = { whole: 0, damaged: 0, personalTokens: [], refreshTokens: [] };

async function checkStored(config: BrokerConfig, candidates: readonly string[]): Promise<Leak> {
  const audit = collecting();
  const { digest } = personalTokenSecrets;
  const { whole, damaged } = await withTokenStores(config, NOTHING, (stores) =>
    revokeLeakedTokens({ ...stores, digest, audit }, candidates, OPERATOR),
  );
  return { tokens: audit.events.map(shownRevoked), failures: [], problems: [], found: whole, damaged };
}

async function* textOf(stdin: Readable): AsyncGenerator<string> {
  // A token is ASCII, so the bytes of any file can be searched as characters.
  for await (const chunk of stdin) yield Buffer.isBuffer(chunk) ? chunk.toString('latin1') : String(chunk);
}
