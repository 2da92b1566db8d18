/** Steps of a plan in words: one line each, and the summary of what goes besides records. */
import { saysSealed } from '../format/metadata.ts';
import { placeOf } from '../plan/fingerprint.ts';
import type { AnyStep, RollbackPlan, Step, TablePlan } from '../types.ts';
import { formatBytes, formatSegments, plural, printable } from './text.ts';

type Places = Pick<RollbackPlan, 'roots' | 'snapshotDir' | 'logIndex'>;

/** The full path of a step's file, as the user would type it. */
function stepPath(file: AnyStep['file'], plan: Places): string {
  return printable(`${placeOf(plan, file.root) ?? `<root ${file.root}>`}/${file.path}`);
}

/** One step as a line for `--verbose`. */
export function stepToText(step: AnyStep, plan: Places): string {
  const path = stepPath(step.file, plan);
  switch (step.op) {
    case 'remove-file':
      return `remove   ${path} (${formatBytes(step.size)}, ${step.reason})`;
    case 'remove-link':
      return `unlink   ${path} -> ${printable(step.target)}`;
    case 'remove-directory':
      return `remove   ${path}/ (${step.reason})`;
    case 'cut-file':
      return `cut      ${path} from ${formatBytes(step.from)} to ${formatBytes(step.to)}`;
    case 'rewrite-keys':
      return `rewrite  ${path} from ${formatBytes(step.from)} to ${formatBytes(step.to)}`;
    case 'replace-file':
      return `replace  ${path} (${step.reason})`;
    case 'rewind-log': {
      const bytes = formatBytes(step.append.length / 2);
      return step.from === null
        ? `add      ${path} (${bytes})`
        : `append   ${bytes} to ${path} behind ${formatBytes(step.keep)}`;
    }
  }
}

/** What a table loses besides records, one phrase each; empty when it loses nothing else. */
export function alsoRemoved(table: TablePlan): string[] {
  const phrases: string[] = [];
  if (table.removesKeymap) {
    const kept = table.kept.records;
    const rebuild =
      kept === 0 ? '' : ` (the engine rebuilds it from ${plural(kept, 'record')} at its next start)`;
    phrases.push(`keymap${rebuild}`);
  }
  const directories = table.steps.filter(
    (s) => s.op === 'remove-directory' && s.reason === 'snapshot',
  ).length;
  if (directories > 0) {
    phrases.push(
      directories === 1
        ? 'the snapshot directory of the table'
        : `the snapshot directories of the table in ${plural(directories, 'root')}`,
    );
  }
  const links = table.steps.filter((s) => s.op === 'remove-link').length;
  if (links > 0) phrases.push(`${plural(links, 'link')} below the snapshot directory`);
  for (const [reason, describe] of FILE_REASONS) {
    const files = table.steps.filter((s) => s.op === 'remove-file').filter((s) => s.reason === reason);
    if (files.length > 0) phrases.push(describe(files));
  }
  return phrases;
}

type RemovedFile = Extract<Step, { op: 'remove-file' }>;

const names = (files: readonly RemovedFile[]): string =>
  files.map((f) => printable(f.file.path.split('/').at(-1)!)).join(', ');

const FILE_REASONS: readonly (readonly [RemovedFile['reason'], (files: readonly RemovedFile[]) => string])[] =
  [
    [
      'orphan',
      (files) => {
        const segments = [...new Set(files.flatMap((f) => f.segment ?? []))].sort((a, b) => a - b);
        return `${plural(files.length, 'file')} of incomplete ${formatSegments(segments)}`;
      },
    ],
    [
      'leftover',
      (files) => `${plural(files.length, 'leftover file')} of an interrupted rewrite: ${names(files)}`,
    ],
    ['snapshot', (files) => `${plural(files.length, 'hard link')} of the snapshot`],
    ['bound', (files) => `snapshot bounds: ${names(files)}`],
    ['watermark', () => 'gc-watermark (the emptied table starts again at segment 0)'],
  ];

/** Changes to small files that the user should know: segments that get sealed, bounds that get capped. */
export function alsoChanged(table: TablePlan): string[] {
  const phrases: string[] = [];
  const sealed: number[] = [];
  for (const step of table.steps) {
    if (step.op === 'rewrite-keys') {
      phrases.push(`key file of segment ${step.segment} rewritten: sealing drops groups inside it`);
    }
    if (step.op !== 'replace-file') continue;
    if (step.reason === 'metadata') {
      const wasSealed = saysSealed(Buffer.from(step.before, 'hex'));
      if (!wasSealed && step.segment !== undefined) sealed.push(step.segment);
    } else {
      phrases.push(`${step.reason}.txt lowered from ${textOf(step.before)} to ${textOf(step.after)}`);
    }
  }
  if (sealed.length > 0) phrases.unshift(`${formatSegments(sealed.sort((a, b) => a - b))} sealed`);
  return phrases;
}

function textOf(hex: string): string {
  return printable(Buffer.from(hex, 'hex').toString('latin1').trim()) || '(empty)';
}
