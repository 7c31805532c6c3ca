import { describe, expect, it } from 'vitest';
import { createConfigChange } from '../../../src/app/config-change.ts';
import { loadBroker } from '../../../src/config/load.ts';
import { recordingLog } from '../../support/fakes.ts';
import { CONFIG, workspace } from '../cli/workspace.ts';

async function setUp() {
  const files = await workspace();
  const log = recordingLog();
  const { source } = await loadBroker(files.config);
  const change = createConfigChange(source, log);
  return { files, log, change, lines: () => log.lines.map(({ level, message }) => `${level}: ${message}`) };
}

describe('a configuration that changes while the broker runs', () => {
  it('is reported, until the file is as it was', async () => {
    const { files, change, lines } = await setUp();
    await using written = files;
    await change.check();
    expect([change.isChanged(), lines()]).toEqual([false, []]);

    await written.write('broker.yaml', JSON.stringify({ ...CONFIG, services: { other: {} } }));
    await change.check();
    expect(change.isChanged()).toBe(true);

    await written.write('broker.yaml', JSON.stringify(CONFIG));
    await change.check();
    expect(change.isChanged()).toBe(false);
    expect(lines()).toEqual([
      'warn: configuration changed: restart the broker to use it',
      'info: configuration is the one in use again',
    ]);
  });

  it('is reported once for each change, although the watcher and SIGHUP both ask', async () => {
    const { files, change, lines } = await setUp();
    await using written = files;
    await written.write('broker.yaml', JSON.stringify({ ...CONFIG, services: { other: {} } }));
    await Promise.all([change.check(), change.check()]);
    await change.check();
    expect(lines()).toHaveLength(1);

    await written.write('broker.yaml', JSON.stringify({ ...CONFIG, services: { another: {} } }));
    await change.check();
    await change.check();
    expect(lines()).toHaveLength(2);
  });

  it.each([
    ['invalid', JSON.stringify({ ...CONFIG, polcy: 'policy.yaml' }), 'did you mean \\"policy\\"'],
    ['empty', '', 'broker.yaml'],
  ])('is reported as an error when it is %s, because the broker would not start again', async (_what, text, cause) => {
    const { files, change, log } = await setUp();
    await using written = files;
    await written.write('broker.yaml', text);
    await change.check();

    expect(change.isChanged()).toBe(true);
    expect(log.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'error: configuration changed and NOT valid: the broker runs on, but would not start again',
    ]);
    expect(JSON.stringify(log.lines[0]?.fields)).toContain(cause);
  });
});
