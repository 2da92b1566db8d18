/** README.md, taken apart: what its tables and its blocks of code say. */
import { readText } from './files.ts';

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

/** The whole text. */
export const README = readText('README.md');

/** The fenced blocks, in order. */
export function codeBlocks(markdown = README): CodeBlock[] {
  const blocks = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms);
  return [...blocks].map(([, language, text]) => ({ language: language ?? '', text: text ?? '' }));
}

/** Everything but the fenced blocks. */
export function prose(markdown = README): string {
  return markdown.replace(/^```(\w*)\n(.*?)^```$/gms, '');
}

/** The part below a heading, down to the next one of the same or a higher level. */
export function section(heading: string, markdown = prose()): string {
  const lines = markdown.split('\n');
  const start = lines.indexOf(heading);
  if (start < 0) throw new Error(`README.md has no "${heading}"`);
  const level = heading.indexOf(' ');
  const end = lines.findIndex((line, i) => i > start && /^#+ /.test(line) && line.indexOf(' ') <= level);
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n');
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

/** The steps of all `console` blocks, in order: they are one session. */
export function consoleSteps(): ConsoleStep[] {
  const text = codeBlocks()
    .filter((block) => block.language === 'console')
    .map((block) => block.text)
    .join('');
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const end = step.indexOf('\n');
      return { command: step.slice(0, end), output: step.slice(end + 1) };
    });
}

/** Commands that README shows, in blocks and in prose: the words behind `litt-rollback`. */
export function shownCommands(): string[][] {
  const shown = README.matchAll(
    /litt-rollback (plan|apply|resume|undo|purge|status|inspect|keys|verify)\b([^`\n]*)/g,
  );
  return [...shown].map(([, name, rest]) => [name ?? '', ...(rest ?? '').trim().split(/\s+/)]);
}
