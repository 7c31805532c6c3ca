/** `fairlead schema` keeps the key tables of the reference pages up to date. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { workspace } from './workspace.ts';

const PAGE = '# Log\n\n<!-- keys: broker log -->\nold\n<!-- end of keys -->\n\nText.\n';

describe('fairlead schema', () => {
  it('writes the tables of the pages in the folder reference, and nothing else in them', async () => {
    await using files = await workspace({ 'docs/reference/log.md': PAGE, 'docs/reference/notes.txt': PAGE });

    const { code, stdout } = await files.fairlead(['schema', '--dir', files.path('docs')]);

    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('wrote docs/reference/log.md\n'),
    });
    const text = await readFile(files.path('docs/reference/log.md'), 'utf8');
    expect(text).toContain('| `log.level` | `debug`, `info`, `warn`, `error` | `info` |');
    expect(text).not.toContain('old');
    expect(text).toMatch(/^# Log\n[^]*\nText\.\n$/);
    expect(await readFile(files.path('docs/reference/notes.txt'), 'utf8')).toBe(PAGE);
  });

  it('finds a table that is not up to date with --check, and changes nothing', async () => {
    await using files = await workspace({ 'docs/reference/log.md': PAGE });
    const check = ['schema', '--check', '--dir', files.path('docs')];

    const before = await files.fairlead(check);
    expect(await readFile(files.path('docs/reference/log.md'), 'utf8')).toBe(PAGE);
    await files.fairlead(['schema', '--dir', files.path('docs')]);
    const after = await files.fairlead(check);

    expect(before.code).toBe(1);
    expect(before.stdout).toContain('docs/reference/log.md is not up to date; run npm run generate');
    expect(after).toMatchObject({ code: 0, stdout: 'schemas and key tables are up to date\n' });
  });
});
