/** A personal token as pages show it. */
import { badge, codes, nameText } from './parts/blocks.ts';
import { actionVerbs } from './parts/decision.ts';
import { relative } from './parts/time.ts';
import { html } from './template/html.ts';
import type { Html } from './template/html.ts';

interface LimitView {
  readonly service: string;
  readonly repositories: readonly string[];
  readonly actions: readonly string[];
}

export interface TokenView {
  readonly id: string;
  readonly name: string;
  /** The robot whose token it is. */
  readonly robot?: string;
  /** Absent: everything that its owner may do. Empty: nothing at a registry. */
  readonly limits?: readonly LimitView[];
  /** What it may do at the API. */
  readonly api?: 'read' | 'admin';
  /** The networks that it may be used from; empty: all. */
  readonly networks: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  /** `by`: the program, where it is known. */
  readonly used?: { readonly at: number; readonly by?: string; readonly from: string };
  /** `asleep`: it works again after the next sign-in. */
  readonly state: 'active' | 'asleep' | 'expired';
}

/** A token that ends within this time is marked. */
const SOON_SECONDS = 7 * 86_400;

export function tokenState({ state, expiresAt }: TokenView, now: number): Html | undefined {
  if (state === 'asleep') return badge('asleep', 'warning');
  if (state === 'expired' || expiresAt <= now) return badge('expired', 'bad');
  return expiresAt - now < SOON_SECONDS ? badge('ends soon', 'warning') : undefined;
}

const API_TEXTS = { read: 'Read at the API', admin: 'Read and change at the API' } as const;

/** @param reader whose token it is, as the reader calls that user */
export function tokenRights({ limits, api, networks, robot }: TokenView, reader: 'you' | 'its owner'): Html {
  const owner = robot === undefined ? reader : html`the robot <code>${robot}</code>`;
  return html`${limits === undefined ? html`<p>Everything ${owner} may do</p>` : limits.map(limitText)}${
    limits?.length === 0 && html`<p>Nothing at any registry</p>`
  }${api !== undefined && html`<p>${API_TEXTS[api]}</p>`}${
    networks.length > 0 && html`<p class="quiet">only from <code>${networks.join(', ')}</code></p>`
  }`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `Pull and push to web/shop, web/cart at registry.example.com` */
function limitText({ service, repositories, actions }: LimitView): Html {
  return html`<p>
    ${capitalized(actionVerbs(actions))} ${codes(repositories)}
    <span class="quiet">at <code>${service}</code></span>
  </p>`;
}

/** What wakes what is asleep. */
export const ASLEEP = 'Asleep: the next sign-in makes it valid again.';

export function tokenTimes({ state, expiresAt, used }: TokenView, now: number): Html {
  return html`<p>${expiresAt <= now ? 'Ended' : 'Ends'} ${relative(expiresAt, now)}</p>
    <p class="quiet">${used === undefined ? 'Not used yet' : tokenUse(used, now)}</p>
    ${state === 'asleep' && html`<p class="quiet">${ASLEEP}</p>`}`;
}

/** `Used 3 minutes ago by containerd from 10.2.0.7` */
export function tokenUse({ at, by, from }: NonNullable<TokenView['used']>, now: number): Html {
  return html`Used ${relative(at, now)}${by !== undefined && html` by ${nameText(by)}`} from <code>${from}</code>`;
}
