/** A filter above a list: a form, which the browser script turns into a live filter. */
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';
import type { Url } from '../template/url.ts';

/** @param list the id of the list */
export function filterField(action: Url, list: string, label: string, value: string | undefined): Html {
  return html`<form class="filter" method="get" action="${action}" role="search" data-filter="${list}">
    <label for="filter">${label}</label>
    <div class="inline">
      <input id="filter" type="search" name="filter" value="${value ?? ''}" autocomplete="off" spellcheck="false" />
      <button>Filter</button>
    </div>
    <p class="hidden" role="status" data-filter-count></p>
  </form>`;
}
