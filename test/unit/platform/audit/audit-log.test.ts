/** What the audit log writes of texts that clients choose. */
import { expect, it } from 'vitest';
import { auditLog } from '../../../../src/platform/audit/audit-log.ts';
import { FAIRLEAD_TOKENS } from '../../../support/fairlead-tokens.ts';
import { recordingLog } from '../../../support/fakes.ts';

const request = { requestId: 'id-1', client: '192.0.2.1' };

function fieldsOf(text: string) {
  const log = recordingLog();
  auditLog(log).record({
    type: 'token.refused',
    request,
    code: 'invalid_credentials',
    service: text,
    username: text,
    cause: 'a cause',
  });
  return log.lines[0]?.fields;
}

it.each(FAIRLEAD_TOKENS)('the audit log masks %s that was sent as a user name or service', (_what, token) => {
  expect(fieldsOf(token)).toMatchObject({ user: '[token]', service: '[token]' });
});

it('the audit log shows an ordinary user name, and cuts a long one', () => {
  expect(fieldsOf('alice')).toMatchObject({ user: 'alice', service: 'alice' });
  expect(fieldsOf('a'.repeat(300))).toMatchObject({ user: `${'a'.repeat(256)}…` });
});
