import { shown } from '../../text/figures.ts';

/** Markup, as opposed to a text that has to be escaped. */
export interface Html {
  readonly html: string;
}

type Part = string | number | Html | readonly Html[];

/** Markup with texts in it, which are escaped: names are data, also when they look like markup. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: String.raw({ raw: strings }, ...parts.map(markup)) };
}

function markup(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return escaped(shown(String(part)));
  return 'html' in part ? part.html : part.map((each) => each.html).join('');
}

const escaped = (text: string): string => text.replace(/[<>&"']/g, (each) => `&#${each.charCodeAt(0)};`);

/** Markup that was made elsewhere and is safe. */
export const raw = (markup: string): Html => ({ html: markup });

export const NOTHING: Html = raw('');
