/** What every page needs in addition to its own content. Times are epoch seconds. */
import type { Url, UrlTag } from './template/url.ts';

/** The same for all pages of a broker. */
export interface Site {
  /** Makes the URLs of the console, under the path of the public URL. */
  readonly url: UrlTag;
  readonly style: Url;
  readonly script: Url;
  /** The version of Fairlead. */
  readonly version: string;
}

/** Who is signed in. */
export interface Person {
  readonly username: string;
  readonly backend: string;
  /** Whether the pages for administrators are offered. The routes decide for themselves who may see them. */
  readonly isAdmin: boolean;
}

export interface Page {
  readonly site: Site;
  readonly now: number;
  readonly requestId: string;
  /** Undefined: nobody is signed in. */
  readonly person?: Person;
  /** The revision of the policy in force, where the page answers by it. */
  readonly policyRevision?: string;
}
