/** The parts of --help that commander does not make itself. */
import { labelled } from '../report/text.ts';
import { EXIT_CODES } from './exit-codes.ts';

/** Columns of the help, as of most terminals. */
const WIDTH = 80;

/** Exit codes as a table. */
export function exitCodesHelp(): string {
  const rows = EXIT_CODES.flatMap(([code, meaning]) => labelled(code, meaning, { column: 10, width: WIDTH }));
  return `\nExit codes:\n${rows.join('\n')}\n`;
}

/** Environment variables. */
export function environmentHelp(): string {
  const text = 'append to FILE a line for each call to the file system and each phase';
  const rows = labelled('LITT_ROLLBACK_DEBUG=FILE', text, { column: 26, width: WIDTH });
  return `\nEnvironment:\n${rows.join('\n')}\n`;
}

/** Examples under a command's help. */
export function examplesHelp(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

export const EXAMPLES = [
  'litt-rollback inspect --src /data/litt',
  'litt-rollback keys --src /data/litt --table blobs --limit 20',
  'litt-rollback plan --src /data/a --src /data/b --key 0a0b0c --out plan.json',
  'litt-rollback apply plan.json',
  'litt-rollback apply --src /data/litt --filter ./keep.mjs --table blobs --yes',
  'litt-rollback verify --src /data/litt',
] as const;
