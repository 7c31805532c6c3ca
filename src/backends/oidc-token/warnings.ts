/** What deserves a warning in a configuration that is accepted, and in a token that is examined. */
import type { ConfigWarning } from '../backend.ts';
import { parsedOrThrow } from '../fields.ts';
import type { Claims } from '../oidc/claim-path.ts';
import { parseBound } from './bound.ts';
import { isChosenByJob, knowledgeOf } from './claim-knowledge.ts';
import type { OidcTokenConfig } from './config.ts';
import { forLog } from '../oidc/for-log.ts';
import { issuerOf, PUBLIC_ISSUERS, TRUSTED_EVENTS } from './presets.ts';
import type { ClaimTemplate } from './template.ts';

type Configured = Pick<OidcTokenConfig, 'preset' | 'issuer' | 'bound' | 'username' | 'groups'>;

export function configWarnings(config: Configured): readonly ConfigWarning[] {
  return [...boundWarnings(config), ...templateWarnings(config)];
}

function boundWarnings(config: Configured): readonly ConfigWarning[] {
  const { bound = {}, preset } = config;
  const { ids } = knowledgeOf(config);
  if (bound === 'everyone') {
    if (PUBLIC_ISSUERS[issuerOf(config) ?? ''] === undefined) return [];
    return [{ path: ['bound'], message: 'accepts tokens of everybody who has an account at this public issuer' }];
  }
  const warnings: ConfigWarning[] = [];
  const idClaims = new Set(Object.values(ids));
  const names = Object.keys(bound).filter((claim) => ids[claim] !== undefined);
  if (!Object.keys(bound).some((claim) => idClaims.has(claim))) {
    for (const claim of names) {
      const message = `is a name, which can pass to somebody else; bind ${ids[claim]} as well`;
      warnings.push({ path: ['bound', claim], message });
    }
  }
  for (const [claim, values] of Object.entries(bound)) {
    const { patterns } = parsedOrThrow(parseBound(claim, values));
    if (claim === 'sub' && patterns.some(({ text }) => /\*./.test(text))) {
      const message =
        'has text after a *, which the part that * stands for may contain as well; bind the single claims';
      warnings.push({ path: ['bound', claim], message });
    }
  }
  if (preset === 'github-actions' && bound['event_name'] === undefined) {
    const message =
      'does not bind event_name, so jobs that outsiders start (pull_request_target, issue_comment) log in as well; ' +
      `add event_name: [${TRUSTED_EVENTS.join(', ')}]`;
    warnings.push({ path: ['bound'], message });
  }
  return warnings;
}

/** Names and groups that a job chooses give it the rights of another. */
function templateWarnings(config: Configured): readonly ConfigWarning[] {
  const knowledge = knowledgeOf(config);
  const warningsOf = (template: ClaimTemplate, path: ConfigWarning['path']): readonly ConfigWarning[] =>
    template.parts
      .filter((part) => isChosenByJob(knowledge, part.path))
      .map((part) => ({
        path,
        message: `reads the claim ${part.path.text}, which a job or its owner chooses: no rule may depend on it`,
      }));
  return [
    ...(config.username === undefined ? [] : warningsOf(config.username, ['username'])),
    ...(config.groups ?? []).flatMap((template, index) => warningsOf(template, ['groups', index])),
  ];
}

const LONG_SECONDS = 3600;

/** @param claims of a token whose signature is verified */
export function tokenWarnings(config: Pick<OidcTokenConfig, 'preset' | 'issuer'>, claims: Claims): readonly string[] {
  const warnings: string[] = [];
  const { exp, iat, event_name: event } = claims;
  const lifetime = Number(exp) - Number(iat);
  if (lifetime > LONG_SECONDS) {
    const hours = (lifetime / 3600).toFixed(1);
    warnings.push(`it lives for ${hours} h: whoever finds it can use it until then; ask for a shorter lifetime`);
  }
  const trusted: readonly unknown[] = TRUSTED_EVENTS;
  if (config.preset === 'github-actions' && !trusted.includes(event)) {
    warnings.push(
      `outsiders may have started its job: event_name is ${forLog(event)}, so it has no group ref or environment`,
    );
  }
  if (
    config.preset === 'gitlab-ci' &&
    claims['environment'] !== undefined &&
    claims['environment_protected'] !== 'true'
  ) {
    warnings.push('its environment is not protected: every developer of the project can deploy to it');
  }
  return warnings;
}
