/** The page on which a person allows the login of a program, over HTTP. */
import { expect, it } from 'vitest';
import { codeSecrets } from '../../../../src/platform/code-secrets.ts';
import { Secret } from '../../../../src/core/identity.ts';
import { createDenyCode } from '../../../../src/flows/authorization-code/approve.ts';
import { authorizeArea } from '../../../../src/http/oauth/authorize.ts';
import { openConsoleApp } from '../../../support/console-app.ts';
import { fakeBackend } from '../../../support/fake-backend.ts';
import { fixedClock, recordingAudit } from '../../../support/fakes.ts';
import { fetchBrowser } from '../../../support/fetch-browser.ts';
import { again } from '../../../support/refresh-token-world.ts';

const HOUR = 3600;
const ASKED = new URLSearchParams({
  response_type: 'code',
  client_id: 'docker-credential-fairlead',
  redirect_uri: 'http://127.0.0.1:40404/callback',
  resource: 'registry.example.com',
  state: 'state-1',
  code_challenge: codeSecrets.challengeOf(new Secret('v'.repeat(43))),
  code_challenge_method: 'S256',
});

/** Alice, who has signed in just now. */
async function openWorld() {
  const [clock, audit] = [fixedClock(), recordingAudit()];
  const { chained } = fakeBackend(again(), { name: 'corp' });
  const authenticator = { ...chained.authenticator, revalidate: async () => again() };
  let approved = 0;
  const area = authorizeArea({
    publicUrl: 'https://auth.example.com',
    services: new Map([
      [
        'registry.example.com',
        {
          name: 'registry.example.com',
          anonymous: 'allow',
          lifetimes: { pull: 300, push: 900 },
          refreshTokens: { idle: HOUR, absolute: 30 * 24 * HOUR, maxPerUser: 10 },
        },
      ],
    ]),
    approveCode: async () => {
      approved += 1;
      return codeSecrets.make();
    },
    denyCode: createDenyCode({ audit }),
    clock,
  });
  const backends = async () => [{ ...chained, authenticator }];
  const section = { sessions: { idle: '8h', absolute: '12h' } };
  const app = await openConsoleApp({ clock, areas: [area], backends, section });
  const browser = fetchBrowser();
  await browser.submit(`${app.url}/sign-in`, { username: 'alice', password: 'alice-knows-this-1' });
  const dispose = () => app[Symbol.asyncDispose]();
  return { app, browser, clock, audit, approved: () => approved, [Symbol.asyncDispose]: dispose };
}

const fields = (answer: string) => ({ ...Object.fromEntries(ASKED), answer });

it('a login of a program needs a sign-in of the last hour, and the page of it comes back afterwards', async () => {
  await using world = await openWorld();
  const { app, browser, clock, approved } = world;
  const url = `${app.url}/authorize?${ASKED.toString()}`;

  const early = await browser.step(url);
  clock.advance(HOUR + 1);
  const late = await browser.step(url);
  clock.advance(HOUR);
  const answer = await browser.submit(`${app.url}/authorize`, fields('yes'));

  expect([early.status, late.status, answer.status, approved()]).toEqual([200, 303, 400, 0]);
  const to = new URL(late.headers.get('location') ?? '', app.url);
  expect([to.pathname, to.searchParams.get('again')]).toEqual(['/sign-in', '1']);
  expect(to.searchParams.get('to')).toBe(`/authorize?${ASKED.toString()}`);
});

it('a person who reads the page for some minutes can still allow the login', async () => {
  await using world = await openWorld();
  const { app, browser, clock, approved } = world;
  clock.advance(HOUR + 300);

  const answer = await browser.submit(`${app.url}/authorize`, fields('yes'));

  expect([answer.status, approved()]).toEqual([200, 1]);
});

it('a no is in the audit trail, also long after the sign-in', async () => {
  await using world = await openWorld();
  const { app, browser, clock, audit, approved } = world;
  clock.advance(3 * HOUR);

  const answer = await browser.submit(`${app.url}/authorize`, fields('no'));

  expect([answer.status, approved()]).toEqual([200, 0]);
  expect(audit.events).toMatchObject([
    { type: 'helper-login', method: 'browser', outcome: 'denied', username: 'alice', backend: 'corp' },
  ]);
});
