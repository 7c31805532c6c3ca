/** Filters above lists. */
import { textField } from './form.ts';
import { html } from '../template/html.ts';
import type { Html } from '../template/html.ts';
import type { Url } from '../template/url.ts';

/**
 * A form, which the browser script turns into a live filter.
 *
 * @param list the id of the list
 */
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

/** A field of the filter of decisions: a part of a user name. */
export function personField(value: string): Html {
  return partField('person', 'Person', value, 256);
}

/** The same for the name of a repository. */
export function repositoryField(value: string): Html {
  return partField('repository', 'Repository', value, 255);
}

function partField(name: string, label: string, value: string, maxLength: number): Html {
  return textField({ name, label, value, placeholder: 'a part of the name', isCode: true, maxLength });
}
