import { describe, expect, it } from 'vitest';
import { collectRemarks } from '../../../src/cli/backend-remarks.ts';

describe('the remarks of backends', () => {
  it('are sentences that name the backend, each once', () => {
    const { log, lines } = collectRemarks();
    log.warn('unencrypted directory connection', { backend: 'corp' });
    log.warn('unencrypted directory connection', { backend: 'corp' });
    log.error('record left out', { backend: 'corp', server: 'dc9', priority: 5 });
    log.info('directory server answers again', { backend: 'corp' });
    log.debug('search', { backend: 'corp' });

    expect(lines()).toEqual([
      'backend corp: unencrypted directory connection',
      'backend corp: record left out; server dc9; priority 5',
    ]);
  });

  it('leave out those whose cause is reported already', () => {
    const { log, lines } = collectRemarks();
    log.warn('directory server failed', { backend: 'corp', cause: 'ldap://dc1: cannot connect' });
    log.warn('directory server failed', { backend: 'corp', cause: 'ldap://dc2: cannot connect' });

    expect(lines(['backend corp: ldap://dc1: cannot connect (refused): start it'])).toEqual([
      'backend corp: directory server failed; cause ldap://dc2: cannot connect',
    ]);
  });
});
