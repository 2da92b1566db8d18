/** Markdown, taken apart: headings, tables, links, blocks of code and the commands in them. */

/** A fenced block. */
export interface CodeBlock {
  /** The word behind the fence. */
  readonly language: string;
  readonly text: string;
}

/** A command of a `console` block and what it is said to print. */
export interface ConsoleStep {
  readonly command: string;
  readonly output: string;
}

/** A link of a text. */
export interface Link {
  /** Empty for a heading of the same text. */
  readonly path: string;
  /** Without `#`; empty for a whole file. */
  readonly anchor: string;
}

const FENCED = /^```(\w*)\n(.*?)^```$/gms;

/** The fenced blocks, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks = markdown.matchAll(FENCED);
  return [...blocks].map(([, language, text]) => ({ language: language ?? '', text: text ?? '' }));
}

/** Everything but the fenced blocks. */
export function prose(markdown: string): string {
  return markdown.replace(FENCED, '');
}

/** The part below a heading, down to the next one of the same or a higher level. */
export function section(markdown: string, heading: string): string {
  const lines = markdown.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`there is no "${heading}"`);
  const level = heading.indexOf(' ');
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line) && line.indexOf(' ') <= level);
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n');
}

/** The headings of all levels, without their marks. */
export function headings(markdown: string): string[] {
  return [...prose(markdown).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text);
}

/** The anchor by which a heading is linked to. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');
}

/** The links to files and headings; those to other sites are left out. */
export function localLinks(markdown: string): Link[] {
  const links = [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links
    .filter((target) => !/^https?:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { path, anchor };
    });
}

/** The cells of every table row in a text, without the rows that head a table. */
export function tableRows(text: string): string[][] {
  const rows = text.split('\n').map((line) => (line.startsWith('|') ? cellsOf(line) : null));
  return rows.filter((row, i): row is string[] => {
    const below = rows[i + 1];
    return row !== null && !isRule(row) && !(below != null && isRule(below));
  });
}

const isRule = (row: readonly string[]): boolean => row.every((cell) => /^-+$/.test(cell));

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

/** The steps of all `console` blocks, in order: they are one session. A line that ends in `\` goes on. */
export function consoleSteps(markdown: string): ConsoleStep[] {
  const text = codeBlocks(markdown)
    .filter((block) => block.language === 'console')
    .map((block) => block.text)
    .join('');
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = ''] = /^(?:.*\\\n)*.*\n/.exec(step) ?? [];
      return { command: command.trimEnd(), output: step.slice(command.length) };
    });
}

/** Commands that a text shows, in blocks and in prose: the words behind `litt-rollback`. */
export function shownCommands(markdown: string): string[][] {
  const shown = markdown.matchAll(
    /litt-rollback (plan|apply|resume|undo|purge|status|inspect|keys|verify)\b([^`\n]*)/g,
  );
  return [...shown].map(([, name, rest]) => [name ?? '', ...(rest ?? '').trim().split(/\s+/)]);
}
