/** The state in which a file must be for its step, and the error for every other state. */
import { RollbackError } from '../errors.ts';
import { readSmallFile } from '../store/durable-files.ts';
import type { DurableFs, FileStat } from '../store/durable-fs.ts';
import type {
  AnyStep,
  CutFileStep,
  RemoveDirectoryStep,
  RemoveFileStep,
  RemoveLinkStep,
  ReplaceFileStep,
  RewriteKeysStep,
} from '../types.ts';

/** A step that removes a whole file or directory. */
export type Removal = RemoveFileStep | RemoveLinkStep | RemoveDirectoryStep;

/** A step that puts another file under the same name. */
export type Exchange = CutFileStep | RewriteKeysStep | ReplaceFileStep;

/** What replace-file steps replace is tiny (bytes). */
const MAX_REPLACED_BYTES = 4096;

const KINDS = { 'remove-file': 'file', 'remove-link': 'link', 'remove-directory': 'directory' } as const;

/** Why the step may not remove the present file; null when it may. Raw errors. */
export function problemOfRemovable(
  fs: DurableFs,
  step: Removal,
  path: string,
  stat: FileStat,
): string | null {
  const kind = KINDS[step.op];
  if (stat.kind !== kind) return `is a ${stat.kind}, not a ${kind}`;
  if (step.op === 'remove-file' && stat.size !== step.size)
    return `has ${stat.size} bytes instead of ${step.size}`;
  if (step.op === 'remove-link' && fs.readlink(path) !== step.target) return 'leads somewhere else now';
  return null;
}

/**
 * @throws RollbackError ERR_PLAN_STALE when the present file is not the one that the step removes; raw errors
 */
export function refuseUnlessRemovable(fs: DurableFs, step: Removal, path: string, stat: FileStat): void {
  const problem = problemOfRemovable(fs, step, path, stat);
  if (problem !== null) throw staleFileError(step, path, problem);
}

/** Whether this is the file as it was before the step; for files that may be long only the size is compared. */
export function isBefore(fs: DurableFs, step: Exchange, path: string, stat: FileStat): boolean {
  if (stat.kind !== 'file') return false;
  return step.op === 'replace-file' ? replacedContent(fs, path) === step.before : stat.size === step.from;
}

/** The content of a file that a step replaces, in hex, as the step has it. */
export function replacedContent(fs: DurableFs, path: string): string {
  return readSmallFile(fs, path, MAX_REPLACED_BYTES).toString('hex');
}

/** Both a file and its undo data exist: the file was put back by hand, or a new one was written. */
export function keptAndPresentError(step: AnyStep, path: string, undoCopy: string): RollbackError {
  return new RollbackError(
    'ERR_PLAN_STALE',
    {
      what: `A file that was moved away is there again: ${path}, kept as ${undoCopy}`,
      why: 'Going on would destroy one of the two',
      next: 'Find out who made it (was the database opened by force?), move it out of the root, and run the command again',
    },
    { path, table: step.table, segment: 'segment' in step ? step.segment : undefined },
  );
}

/** A file is in a state that the step does not know. */
export function staleFileError(step: AnyStep, path: string, problem: string): RollbackError {
  return new RollbackError(
    'ERR_PLAN_STALE',
    {
      what: `A file ${problem}`,
      why: 'The plan was made for another state of the database',
      next: 'Find out what has written to the database since the plan was made',
    },
    { path, table: step.table, segment: 'segment' in step ? step.segment : undefined },
  );
}
