/** The frame of every page: head, navigation, the person who is signed in, footer. */
import type { Page, Person } from './page.ts';
import { attribute, html } from './template/html.ts';
import type { Content, Html } from './template/html.ts';
import type { Url, UrlTag } from './template/url.ts';

/** The pages that the navigation has. */
export type Section =
  | 'access'
  | 'tokens'
  | 'sign-ins'
  | 'decisions'
  | 'policy'
  | 'who-can'
  | 'backends'
  | 'people'
  | 'fleet';

interface Layout {
  readonly title: string;
  /** The entry of the navigation that is marked as the current one. */
  readonly section?: Section;
  /** `narrow`: one short form or message. */
  readonly width?: 'narrow';
  readonly content: Content;
  /** The address to which the browser goes by itself. */
  readonly refresh?: Url;
}

/** A whole document. */
export function layout(page: Page, { title, section, width, content, refresh }: Layout): Html {
  const { site, person } = page;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${refresh && html`<meta http-equiv="refresh" content="0; url=${refresh}" />`}
        <title>${`${title} · Fairlead`}</title>
        <link rel="stylesheet" href="${site.style}" />
        <script src="${site.script}" type="module"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        ${header(page, section)}
        <main id="main" ${attribute('class', width)} tabindex="-1">${content}</main>
        <footer>
          <p>
            ${page.policyRevision !== undefined && html`Policy revision <code>${page.policyRevision}</code> · `}Request
            <code>${page.requestId}</code> · Fairlead ${person === undefined ? '' : site.version}
          </p>
        </footer>
      </body>
    </html> `;
}

function header({ site: { url }, person }: Page, section: Section | undefined): Html {
  const home = person === undefined ? url`/sign-in` : url`/console/access`;
  return html`<header>
    <div class="bar">
      <a class="brand" href="${home}">${mark()} Fairlead</a>
      ${person !== undefined && navigation(url, person, section)} ${person !== undefined && signedIn(url, person)}
    </div>
  </header>`;
}

/** A line through a fairlead: the ring that guides a rope. */
function mark(): Html {
  return html`<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
    <path d="M2 13c3 0 3-3 6-3m8 0c3 0 3-2 6-2M4 20h16" />
    <circle cx="12" cy="10.5" r="4" />
  </svg>`;
}

interface Entry {
  readonly section: Section;
  readonly label: string;
  readonly link: Url;
}

function navigation(url: UrlTag, person: Person, section: Section | undefined): Html {
  const own: readonly Entry[] = [
    { section: 'access', label: 'Access', link: url`/console/access` },
    { section: 'tokens', label: 'Tokens', link: url`/console/tokens` },
    { section: 'sign-ins', label: 'Sign-ins', link: url`/console/sign-ins` },
  ];
  const admin: readonly Entry[] = [
    { section: 'decisions', label: 'Decisions', link: url`/console/decisions` },
    { section: 'policy', label: 'Policy', link: url`/console/policy` },
    { section: 'who-can', label: 'Who can', link: url`/console/who-can` },
    { section: 'backends', label: 'Backends', link: url`/console/backends` },
    { section: 'people', label: 'People', link: url`/console/people` },
    { section: 'fleet', label: 'Fleet', link: url`/console/fleet` },
  ];
  const item = ({ section: name, label, link }: Entry): Html =>
    html`<li><a href="${link}" ${attribute('aria-current', name === section ? 'page' : undefined)}>${label}</a></li>`;
  return html`<nav aria-label="Console">
    <ul>
      ${own.map(item)}
    </ul>
    ${
      person.isAdmin &&
      html`<ul aria-label="For administrators">
        ${admin.map(item)}
      </ul>`
    }
  </nav>`;
}

function signedIn(url: UrlTag, { username, backend }: Person): Html {
  return html`<div class="person">
    <p><b>${username}</b> <span class="quiet">at ${backend}</span></p>
    <form method="post" action="${url`/sign-out`}"><button class="link">Sign out</button></form>
  </div>`;
}
