/** What all sample pages share: the time, the people, and the texts from outside. */
import type { Page, Person } from '../../../src/pages/page.ts';
import type { Html } from '../../../src/pages/template/html.ts';
import { urlsUnder } from '../../../src/pages/template/url.ts';

export const SAMPLE_NOW = 1_780_000_000;
export const DAY = 86_400;
export const SERVICES = ['registry.example.com', 'releases.example.com'];

/** A page by its name; the name is also that of its picture. */
export type Samples = Readonly<Record<string, () => Html>>;

/** Shows a text that comes from outside: the name of a user, a token, a group or a repository, or a user agent. */
export type Text = (plain: string) => string;

/** Who looks at a page. */
export interface Viewers {
  readonly visitor: Page;
  readonly user: Page;
  readonly admin: Page;
}

export function viewersAt(base: string, text: Text): Viewers {
  const visitor = visitorAt(base);
  const person: Person = { username: text('alice'), backend: 'corp', isAdmin: false };
  const user: Page = { ...visitor, person, policyRevision: '2d45c19ffc8c' };
  return { visitor, user, admin: { ...user, person: { ...person, isAdmin: true } } };
}

/** A page of somebody without a session. */
export function visitorAt(base: string): Page {
  const url = urlsUnder(base);
  const site = {
    url,
    style: url`/console/assets/style.css`,
    script: url`/console/assets/app.js`,
    version: '1.4.0',
  };
  return { site, now: SAMPLE_NOW, requestId: '01JZ4R8T6QF3W0P9X2C5' };
}
