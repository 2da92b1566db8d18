/** Pages for people: one file, without a script and without anything from a network. */

import { printable } from './text.ts';

/** A piece of a page; made by `html` alone, so that no text of a file reaches a page unescaped. */
export class Html {
  constructor(readonly text: string) {}
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text of a page: what cannot be printed is shown by its number, as in every report. */
function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (c) => ESCAPES[c] as string);
}

type Part = string | number | Html | readonly (Html | string)[];

/** A template: what is put in is escaped, unless it is a piece of a page itself. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const piece = (part: Part): string => {
    if (part instanceof Html) return part.text;
    return Array.isArray(part) ? part.map(piece).join('') : escaped(String(part));
  };
  return new Html(
    texts.map((text, i) => (i < parts.length ? text + piece(parts[i] as Part) : text)).join(''),
  );
}

/** A table with heads; numbers are set to the right. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const cell = (part: Part): Html =>
    typeof part === 'number' || (typeof part === 'string' && /^[\d,.–-]+( [KMGT]?i?B)?$/.test(part))
      ? html`<td class="number">${part}</td>`
      : html`<td>${part}</td>`;
  const head = heads.map((text) => html`<th scope="col">${text}</th>`);
  const body = rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`);
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody></table></div>
`;
}

/** A whole page. The policy in it forbids what it does not have: scripts, and anything from elsewhere. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="litt-rollback">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
${body}</main>
</body>
</html>
`.text;
}

/** Whether a file begins like a page of this program, and may be replaced by another one. */
export function isEarlierPage(head: Buffer): boolean {
  const text = head.toString('latin1');
  return text.startsWith('<!doctype html>') && text.includes('name="generator" content="litt-rollback"');
}

/** Colours of enough contrast on either ground; on paper kept, cut and removed differ by their patterns too. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --ground: #fff; --line: #8a929c; --soft: #eef1f4; --kept: #1a7f4b; --cut: #9a6700; --removed: #b3261e; --orphan: #5b5f66; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --ground: #14171a; --line: #76808b; --soft: #23282d; --kept: #56c98a; --cut: #e0ab3f; --removed: #ff8a80; --orphan: #a9b0b8; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
code, td { overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; background: var(--soft); padding: 0 0.2em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; } caption { text-align: left; font-weight: 600; }
th, td { text-align: left; padding: 0.2rem 0.8rem 0.2rem 0; vertical-align: top; border-bottom: 1px solid var(--soft); }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.strip { display: flex; height: 1.6rem; border: 1px solid var(--line); }
.strip span { display: block; min-width: 1px; }
.kept { background: var(--kept); } .cut, .removed, .orphan { background-color: var(--removed); }
.cut { background-image: repeating-linear-gradient(45deg, transparent 0 3px, var(--ground) 3px 5px); background-color: var(--cut); }
.removed { background-image: repeating-linear-gradient(90deg, transparent 0 3px, var(--ground) 3px 4px); }
.orphan { background-color: var(--orphan); }
.legend span { display: inline-block; width: 1em; height: 1em; vertical-align: -0.15em; margin: 0 0.3em 0 1em; border: 1px solid var(--line); }
.failed { color: var(--removed); font-weight: 600; } .good { color: var(--kept); font-weight: 600; }
details { margin: 0.4rem 0; } summary { cursor: pointer; }
@media print { :root { --ground: #fff; --ink: #000; } * { print-color-adjust: exact; } details > * { display: block; } }
`;
