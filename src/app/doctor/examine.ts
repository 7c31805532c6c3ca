/**
 * Finds out why a registry does not accept the tokens of this broker. It asks the registry for its challenge, then
 * presents tokens that are signed with the keys of the broker: first a token as configured and, when that is refused,
 * tokens that differ in one setting each. The token that the registry accepts shows which setting differs.
 */
import type { Clock } from '../../core/ports.ts';
import type { BrokerConfig } from '../../config/broker-schema.ts';
import { TOKEN_PATHS } from '../../http/paths.ts';
import type { Challenge } from './challenge.ts';
import type { DoctorFinding, Examination } from './finding.ts';
import { askRegistry, authorizationArrives, publishedKeys } from './registry-client.ts';
import type { PublishedKeys, RegistryAnswer } from './registry-client.ts';
import { tokenFindings } from './token-trial.ts';

/** distribution gives 60 s of leeway, zot none. */
const CLOCK_WARN_SECONDS = 30;

export async function examine(examination: Examination): Promise<readonly DoctorFinding[]> {
  const { registry, clock } = examination;
  const answer = await askRegistry(registry);
  const reached = reachFindings(registry, answer);
  const challenge = answer.kind === 'answer' ? answer.challenge : undefined;
  if (challenge?.scheme !== 'bearer') return reached;
  const published = await publishedKeys(examination.config.publicUrl);
  const realm = realmFinding(challenge, published, examination);
  const findings = [
    ...reached,
    realm,
    ...(realm.ok ? await authorizationFindings(challenge) : []),
    serviceFinding(challenge, examination.config),
    ...clockFindings(answer, published, clock),
  ];
  return [...findings, ...(await tokenFindings(challenge, examination))];
}

function reachFindings(registry: string, answer: RegistryAnswer): readonly DoctorFinding[] {
  if (answer.kind === 'unreachable') {
    const cure = 'check the address, and http or https: a registry without TLS is at http://HOST:PORT';
    return [{ about: 'registry', ok: false, text: `${registry} cannot be reached: ${answer.cause}`, cure }];
  }
  const reached: DoctorFinding = { about: 'registry', ok: true, text: `${registry} answers ${answer.status}` };
  if (answer.status === 200) {
    const cure = 'add the block that `fairlead registry-config` prints to its configuration, and restart it';
    return [reached, { about: 'challenge', ok: false, text: 'the registry does not ask for a token', cure }];
  }
  if (answer.challenge?.scheme === 'bearer') {
    const { realm, service } = answer.challenge;
    return [reached, { about: 'challenge', ok: true, text: `it sends clients to ${realm} for a token for ${service}` }];
  }
  const found =
    answer.challenge === undefined ? `no challenge (status ${answer.status})` : `the scheme ${answer.challenge.scheme}`;
  const cure =
    'it must ask for a Bearer token: remove auth.htpasswd and other entries under auth, add the block that `fairlead registry-config` prints, and check that no proxy removes WWW-Authenticate';
  return [reached, { about: 'challenge', ok: false, text: `the registry answers with ${found}`, cure }];
}

function realmFinding(
  { realm }: Challenge,
  published: PublishedKeys | string,
  { config, keyset }: Examination,
): DoctorFinding {
  const expected = TOKEN_PATHS.map((path) => config.publicUrl + path);
  if (!expected.includes(realm)) {
    const cure = `set realm to ${config.publicUrl}/token in the registry, or publicUrl in broker.yaml to the URL at which clients reach the broker`;
    return {
      about: 'realm',
      ok: false,
      text: `the registry sends clients to ${realm}, which is not this broker`,
      cure,
    };
  }
  if (typeof published === 'string') {
    const cure = 'start the broker, or correct the route to it: clients use the realm';
    return { about: 'realm', ok: false, text: `no broker answers at ${realm}: ${published}`, cure };
  }
  if (!published.ids.has(keyset[0].libtrustKeyId)) {
    const cure = 'run doctor with the configuration of the broker that answers there, or set the realm to this broker';
    return { about: 'realm', ok: false, text: `another token server answers at ${realm}: its keys differ`, cure };
  }
  return { about: 'realm', ok: true, text: `this broker answers at ${realm}` };
}

/** Without the header, every login is an anonymous request: a wrong password succeeds where anonymous is allowed. */
async function authorizationFindings({ realm, service }: Challenge): Promise<readonly DoctorFinding[]> {
  const arrives = await authorizationArrives(realm, service);
  if (arrives === undefined) return [];
  if (arrives) return [{ about: 'login', ok: true, text: 'the Authorization header reaches the broker' }];
  const text = 'the Authorization header does not reach the broker: every login there is an anonymous request';
  const cure = 'configure the proxy before the broker to pass the Authorization header unchanged';
  return [{ about: 'login', ok: false, text, cure }];
}

function serviceFinding({ service }: Challenge, { services }: BrokerConfig): DoctorFinding {
  const known = Object.keys(services);
  if (known.includes(service)) return { about: 'service', ok: true, text: `the service ${service} is configured` };
  const cure = `add it under services in broker.yaml, or set service in the registry to one of: ${known.join(', ')}`;
  return {
    about: 'service',
    ok: false,
    text: `the service name of the registry is "${service}", which is not in broker.yaml`,
    cure,
  };
}

/** The broker may run on another machine than this command, whose clock is that of the tokens that `tokenFindings` makes. */
function clockFindings(
  answer: RegistryAnswer,
  published: PublishedKeys | string,
  clock: Clock,
): readonly DoctorFinding[] {
  if (answer.kind !== 'answer' || answer.time === undefined) return [];
  const { time } = answer;
  const broker = typeof published === 'string' ? undefined : published.time;
  const others = { "the broker's": broker ?? clock.now(), "this machine's": clock.now() };
  const differences = Object.entries(others).map(([whose, now]) => ({ whose, off: Math.round(time - now) }));
  const [first] = differences.filter(({ off }) => Math.abs(off) > CLOCK_WARN_SECONDS);
  if (first === undefined) return [{ about: 'clock', ok: true, text: 'the clocks agree' }];
  const { whose, off } = first;
  const text = `the registry's clock is ${Math.abs(off)} s ${off > 0 ? 'ahead of' : 'behind'} ${whose}`;
  return [
    {
      about: 'clock',
      ok: false,
      text,
      cure: 'synchronize both clocks with NTP: tokens are refused before and after their lifetime',
    },
  ];
}
