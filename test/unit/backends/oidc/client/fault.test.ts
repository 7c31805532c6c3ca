/** What is logged of a response of the provider: bounded, and without what was sent. */
import { ResponseBodyError } from 'openid-client';
import { describe, expect, it } from 'vitest';
import { faultOf, readFault } from '../../../../../src/backends/oidc/client/fault.ts';

const SECRET = 'Correct-Horse-Battery-Staple';
const TOKEN = `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.${'c'.repeat(40)}`;

async function descriptionOf(text: string): Promise<string> {
  const cause = { error: 'invalid_grant', error_description: text };
  const error = new ResponseBodyError('refused', { cause, response: new Response('', { status: 400 }) });
  const fault = await readFault(error, [SECRET]);
  return fault.kind === 'answer' ? (fault.description ?? '') : '';
}

describe('the description of a refusal', () => {
  it.each([
    [`wrong password ${SECRET} of alice`, 'wrong password [secret] of alice'],
    [`the token ${TOKEN} is not valid`, 'the token [token] is not valid'],
    ['two\nlines', 'two lines'],
  ])('%s is logged as: %s', async (text, logged) => {
    expect(await descriptionOf(text)).toBe(logged);
  });

  it('has at most 200 characters', async () => {
    expect(await descriptionOf('x'.repeat(260_000))).toBe('x'.repeat(200));
  });

  it('shows no part of a secret or token that the bound divides', async () => {
    // The masks are short, so that the end of what is read is among the 200 characters that are logged.
    for (let length = 4096 - SECRET.length; length <= 4096; length += 1) {
      const filled = `${SECRET} ${TOKEN} `.repeat(40).slice(0, 4096);
      const logged = await descriptionOf(`${'eyJ'.padEnd(length - 1, 'x')} ${SECRET} ${filled}`);
      expect(logged).not.toContain(SECRET.slice(0, 4));
      const cut = await descriptionOf(`${'eyJ'.padEnd(length - 1, 'x')} ${TOKEN}${TOKEN}`);
      expect(cut).not.toContain('eyJ');
    }
  });
});

describe('a refusal that openid-client has not checked', () => {
  it('shows nothing that was sent', async () => {
    const body = { error: 'invalid_token', error_description: `${SECRET} is not known` };

    expect(await faultOf(Response.json(body, { status: 401 }), [SECRET])).toMatchObject({
      status: 401,
      error: 'invalid_token',
      description: '[secret] is not known',
    });
  });
});
