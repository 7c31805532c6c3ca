/** The completion scripts and the manual page, in the shells and the reader that use them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../support/broker.ts';
import { findPart } from '../support/parts.ts';
import { run } from '../support/process.ts';

const bash = findPart({ program: 'bash', debian: 'bash' });
const zsh = findPart({ program: 'zsh', debian: 'zsh' });
const fish = findPart({ program: 'fish', debian: 'fish' });
const man = findPart({ program: 'man', debian: 'man-db' });

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-completion-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function printed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** Command lines, and what completes their last word. */
const CASES = [
  ['fairlead tok', ['tokens']],
  ['fairlead tokens ', ['check-leak', 'create', 'list', 'revoke']],
  ['fairlead tokens list --fo', ['--format']],
  ['fairlead tokens list --format ', ['human', 'json']],
  ['fairlead who-can pu', ['pull', 'push']],
] as const;

describe.skipIf(bash === undefined)('bash', () => {
  it.each(CASES)('completes "%s"', async (line, expected) => {
    const script = join(folder, 'fairlead.bash');
    await writeFile(script, await printed('completion', 'bash'));
    const ask =
      'source "$1"; read -ra COMP_WORDS <<<"$2"; [[ $2 == *" " ]] && COMP_WORDS+=(""); ' +
      'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _fairlead; printf "%s\\n" "${COMPREPLY[@]}"';

    const { stdout, stderr } = await run('bash', ['-c', ask, 'bash', script, line]);

    expect(stderr).toBe('');
    const commands = stdout.split('\n').filter((word) => word !== '' && !(word.startsWith('-') && line.endsWith(' ')));
    // bash shows words in its own order, whatever the order of the answer.
    expect(commands.toSorted()).toEqual(expected);
  });
});

describe.skipIf(fish === undefined)('fish', () => {
  it.each(CASES)('completes "%s"', async (line, expected) => {
    const script = join(folder, 'fairlead.fish');
    await writeFile(script, await printed('completion', 'fish'));

    const { stdout, stderr } = await run('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`]);

    expect(stderr).toBe('');
    expect(stdout.split('\n').flatMap((found) => (found === '' ? [] : [found.split('\t')[0]]))).toEqual(expected);
  });
});

describe.skipIf(zsh === undefined)('zsh', () => {
  it('lists commands with their descriptions, and completes options', async () => {
    await writeFile(join(folder, '_fairlead'), await printed('completion', 'zsh'));
    // A shell in a terminal of its own: what it lists is read from there.
    const script = `
zmodload zsh/zpty
zpty shell zsh -f -i
type_in() { zpty -w -n shell "$1"; sleep 1 }
zpty -w shell 'PS1=""; fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -D; bindkey "^I" list-choices'
sleep 1
type_in $'fairlead tokens \\t'
type_in $'list --fo\\t'
while zpty -r -t shell text; do print -r -- $text; done
zpty -d shell
`;

    const { stdout } = await run('zsh', ['-f', '-c', script], {
      env: { ...process.env, TERM: 'dumb', COLUMNS: '200' },
    });

    expect(stdout).toMatch(/^revoke +-- Revoke tokens: /m);
    expect(stdout).toMatch(/^--format +-- the format of results/m);
  });
});

describe.skipIf(man === undefined)('the manual page', () => {
  it('is formatted without a warning, and has every command', async () => {
    const page = join(folder, 'fairlead.1');
    await writeFile(page, await printed('man'));

    const { code, stdout, stderr } = await run('man', ['--warnings', '-P', 'cat', '-l', page], {
      env: { ...process.env, MANWIDTH: '100', LC_ALL: 'C.UTF-8' },
    });

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ *fairlead tokens revoke/m);
    expect(stdout).toContain('--config file');
  });
});
