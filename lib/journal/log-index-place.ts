/** Where the log-index of an unfinished or finished rollback lies: as a person says, or beside its root. */
import { dirname, join } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { listLogIndex } from '../logindex/files.ts';
import { sizeAfter } from '../logindex/verify-log.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { LOG_INDEX_DIR } from '../store/home.ts';
import type { RollbackPlan } from '../types.ts';
import type { LogIndexPlace, Participants } from './participants.ts';

/**
 * The log-index that a rollback changes; null when it changes none. The path in a journal is never used: a copied
 * database would change its original.
 * @param given by a person; else it lies beside its root
 * @throws RollbackError ERR_LOG_INDEX_NEEDED, ERR_IO
 */
export function findLogIndex(
  fs: DurableFs,
  { logIndex }: RollbackPlan,
  given: string | undefined,
  roots: readonly string[],
): LogIndexPlace | null {
  if (logIndex?.step == null) return null;
  const { root, beside, dir: then } = logIndex;
  const at = beside ? join(dirname(roots[root] as string), LOG_INDEX_DIR) : undefined;
  const place = given ?? at;
  if (place === undefined) throw neededError(`it was ${then} when the rollback began`);
  try {
    return { dir: fs.realpath(place), root };
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) throw neededError('there is no such directory', place, error);
    throw ioError(error, place, 'look for the log-index');
  }
}

function neededError(found: string, path?: string, cause?: unknown): RollbackError {
  return new RollbackError(
    'ERR_LOG_INDEX_NEEDED',
    {
      what: `This rollback includes the log-index of the receipts: ${found}`,
      why: 'It goes back and forth together with the receipts. Nothing was changed',
      next: 'Pass it with --log-index DIR, or the home of the node with --home',
    },
    { path },
    cause,
  );
}

/**
 * Why a log-index is not as a rollback left it; null when it is. Names and sizes tell: every start of the node adds
 * files. The path is that of the file.
 * @throws RollbackError ERR_IO
 */
export function problemOfLogIndex(
  fs: DurableFs,
  plan: Pick<RollbackPlan, 'fingerprint' | 'logIndex'>,
  dir: string,
  state: 'before' | 'after',
): { readonly path: string; readonly problem: string } | null {
  const expected = new Map<string, number>();
  for (const [place, name, size] of plan.fingerprint) if (place === 'log-index') expected.set(name, size);
  const step = plan.logIndex?.step;
  if (step != null && state === 'after') expected.set(step.file.path, sizeAfter(step));
  for (const { name, stat } of listLogIndex(fs, dir)) {
    const size = expected.get(name);
    expected.delete(name);
    if (stat.kind === 'file' && stat.size === size) continue;
    const problem = size === undefined ? 'is new' : `has ${stat.size} bytes instead of ${size}`;
    return { path: join(dir, name), problem };
  }
  const [gone] = expected.keys();
  return gone === undefined ? null : { path: join(dir, gone), problem: 'is gone' };
}

/**
 * Refuses a log-index that is neither as the rollback found it nor as it leaves it: a person may have named another one.
 * @throws RollbackError ERR_LOG_INDEX_NEEDED, ERR_IO
 */
export function refuseForeignLogIndex({
  fs,
  plan,
  participants,
}: {
  readonly fs: DurableFs;
  readonly plan: RollbackPlan;
  readonly participants: Participants;
}): void {
  if (participants.logIndex === null) return;
  const { dir } = participants.logIndex;
  const found = problemOfLogIndex(fs, plan, dir, 'before');
  if (found === null || problemOfLogIndex(fs, plan, dir, 'after') === null) return;
  throw neededError(`this is not the one, because a file ${found.problem}`, found.path);
}
