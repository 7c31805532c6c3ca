/** The open backend. */
import type { Deadline } from '../../core/deadline.ts';
import { timeLimit } from '../http-client/time-limit.ts';
import { BrokerError } from '../../core/errors.ts';
import type { Authenticator, BackendState } from '../../core/ports.ts';
import type { BackendDeps } from '../backend.ts';
import { readAuthorities } from '../certificates.ts';
import { openConnection } from '../http-client/connection.ts';
import { openProxy, proxyFiles } from '../http-client/proxy.ts';
import { openRenewable } from '../http-client/renewable.ts';
import type { OidcTokenConfig } from './config.ts';
import { audienceProblem } from './audience.ts';
import { boundText } from './bound-text.ts';
import { IN_CLUSTER, readCluster } from './cluster.ts';
import type { ClusterAccess } from './cluster.ts';
import { createExamine } from './examine.ts';
import { createKeySet } from '../oidc/key-set.ts';
import type { KeySet } from '../oidc/key-set.ts';
import { fileKeys, remoteKeys } from '../oidc/key-source.ts';
import { resolveSettings, usesOwnCluster } from './settings.ts';
import { tokenWarnings } from './warnings.ts';

const TYPE = 'oidc-token';

/** @param access how the broker reaches the cluster that it runs in */
export async function openOidcToken(
  config: OidcTokenConfig,
  { clock, log, secret }: BackendDeps,
  access: ClusterAccess = IN_CLUSTER,
): Promise<Authenticator> {
  const { name, timeout } = config;
  const settings = usesOwnCluster(config)
    ? resolveSettings(config, await readCluster(access))
    : resolveSettings(config);
  const { issuer, caFile, keysFile, preset } = settings;
  checkAudiences(config, issuer);
  const configured = [issuer, ...(settings.keysUrl === undefined ? [] : [settings.keysUrl])];
  const transport = await openRenewable(async () => {
    const ca = caFile === undefined ? undefined : await readAuthorities(caFile);
    const proxy = await openProxy(config.proxy, secret);
    return { connection: openConnection({ peer: 'the issuer', configured, ca, proxy }) };
  });

  const fetchKeys =
    keysFile === undefined
      ? remoteKeys({
          issuer,
          url: settings.keysUrl,
          bearer: settings.bearer === undefined ? undefined : secret(settings.bearer),
          timeoutSeconds: timeout,
          connection: () => transport.current().connection,
        })
      : fileKeys(keysFile);
  // A bad file is an error at start; an issuer that is down is not.
  if (keysFile !== undefined) await fetchKeys();
  const keySet = createKeySet({ backend: name, fetchKeys, clock, log });
  const examine = createExamine({ ...settings, keySet, clock });
  const limit = (deadline: Deadline) => () => timeLimit(deadline, timeout, 'the issuer for its keys');
  const files = [caFile, keysFile, ...proxyFiles(config.proxy)].filter((path) => path !== undefined);

  return {
    name,
    type: TYPE,
    accepts: 'tokens',
    authenticate: async ({ password }, deadline) => (await examine(password.reveal(), limit(deadline))).outcome,
    explainToken: async (token, deadline) => {
      const { outcome, steps, verified } = await examine(token.reveal(), limit(deadline));
      return {
        isOwn: outcome.kind !== 'unknown-user',
        steps,
        warnings: verified === undefined ? [] : tokenWarnings(config, settings.identity, verified),
        bound: verified === undefined ? [] : boundText(preset, verified),
        ...(outcome.kind === 'authenticated' ? { identity: outcome.identity } : {}),
      };
    },
    probe: (deadline) => probe(keySet, deadline),
    ...(files.length === 0
      ? {}
      : {
          watches: files,
          reload: async () => {
            if (keysFile !== undefined) await fetchKeys();
            await transport.renew();
            keySet.expire();
          },
        }),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** The schema has compared the audience with the configured issuer; that of the own cluster is known only here. */
function checkAudiences({ name, preset, audience }: OidcTokenConfig, issuer: string): void {
  for (const text of audience) {
    const problem = audienceProblem(text, { preset, issuer });
    if (problem !== undefined) throw new Error(`backend ${name}: audience: found "${text}": ${problem}`);
  }
}

async function probe(keySet: KeySet, deadline: Deadline): Promise<BackendState> {
  try {
    await keySet.current(AbortSignal.timeout(Math.floor(deadline.left())));
    return { state: 'up' };
  } catch (error) {
    return {
      state: 'down',
      detail: error instanceof BrokerError ? error.message : 'the keys of the issuer are not available',
    };
  }
}
