import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { watchOutput } from '../../../src/cli/output-failure.ts';

/** A stream that fails with each of these codes, in order, and then accepts what is written. */
function failing(...codes: readonly string[]): Writable & { readonly texts: string[] } {
  const texts: string[] = [];
  const left = [...codes];
  const stream = new Writable({
    autoDestroy: false,
    write: (chunk: Buffer, _encoding, done) => {
      const code = left.shift();
      if (code === undefined) texts.push(chunk.toString());
      done(code === undefined ? null : Object.assign(new Error(code), { code }));
    },
  });
  return Object.assign(stream, { texts });
}

async function written(stdout: Writable, stderr: Writable & { readonly texts: string[] }) {
  const codes: number[] = [];
  const output = watchOutput({ stdout, stderr }, (code) => codes.push(code));
  stdout.write('answer');
  await new Promise(setImmediate);
  return { codes, exitCode: output.exitCode(1), stderr: stderr.texts };
}

describe('output that cannot be written', () => {
  it('because the reader has closed the pipe leaves the exit code as it is', async () => {
    expect(await written(failing('EPIPE'), failing())).toEqual({ codes: [], exitCode: 1, stderr: [] });
  });

  it('because the disk is full is an error', async () => {
    expect(await written(failing('ENOSPC'), failing())).toEqual({
      codes: [2],
      exitCode: 2,
      stderr: ['fairlead: the output cannot be written (no space left on the device)\n'],
    });
  });

  it('is an error when it is the error output, which cannot be reported', async () => {
    const stderr = failing('EIO');
    const codes: number[] = [];
    const output = watchOutput({ stdout: failing(), stderr }, (code) => codes.push(code));
    stderr.write('remark');
    await new Promise(setImmediate);

    expect([codes, output.exitCode(0), stderr.texts]).toEqual([[2], 2, []]);
  });

  it('does not change the exit code where everything is written', async () => {
    expect(await written(failing(), failing())).toEqual({ codes: [], exitCode: 1, stderr: [] });
  });
});
