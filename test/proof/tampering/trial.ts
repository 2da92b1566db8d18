/** A command that runs on a tampered database, and its outcome. */
import { rmSync } from 'node:fs';
import { applyWith } from '../../../lib/apply/apply.ts';
import { RollbackError } from '../../../lib/errors.ts';
import { findOpen, findTransactions } from '../../../lib/journal/find.ts';
import { type PurgeOptions, planPurge, purgeUndo, purgeWith } from '../../../lib/recover/purge.ts';
import { resumeRollback, resumeWith } from '../../../lib/recover/resume.ts';
import { undoOpen, undoRollback, undoWith } from '../../../lib/recover/undo.ts';
import { acquireLocks } from '../../../lib/store/lock.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { type Observation, observe } from '../simulator/observe.ts';
import type { Subject } from '../simulator/subject.ts';
import { loadTree, writeOut } from '../simulator/tree-io.ts';
import type { StoppingPoint } from './stopping-point.ts';

/** A command as a person calls it. */
export interface Call {
  readonly how: 'apply' | 'resume' | 'undo' | 'purge';
  readonly roots: readonly string[];
  readonly snapshotDir: string | undefined;
  readonly forceUnlock: boolean;
  /** The roots of a resume before this call; it may be refused. */
  readonly before?: readonly string[];
  /** The transaction that is meant. */
  readonly id?: string;
  /** Whether an undo takes the transaction for an open one, as it was when it was looked for. */
  readonly isOpen?: boolean;
  /** Whether on a disk, by the function that the library exports. */
  readonly onDisk: boolean;
}

/** The locks are taken; or every bolt is there, and no mark yet. */
export type Moment = 'locked' | 'prepared';

/** A tampered state, and the command to run on it. */
export interface TrialCase {
  readonly name: string;
  readonly point: StoppingPoint;
  readonly call: Call;
  readonly tamper: (fs: MemoryFs) => void;
  /** Tampering while the command works: when the last step is done; in an apply, when the intent is durable. */
  readonly meanwhile?: ((fs: MemoryFs) => void) | undefined;
  /** An earlier moment for it, before the intent. */
  readonly moment?: Moment | undefined;
  /** Whether it cannot be seen: sizes and checksums are right. Then the command may end anywhere. */
  readonly isUnseen: boolean;
  /** Whether the command must lead out: nothing is lost. */
  readonly leadsOut: boolean;
}

/** What came of it. */
export interface Outcome {
  /** What the command has done, or the codes of its refusal. */
  readonly fate: string;
  /** The refusal's words. */
  readonly words: string;
  /** What is there now. */
  readonly left: Observation;
  readonly error: unknown;
}

/** The state to begin with. */
export function stateFor({ point, tamper }: TrialCase): MemoryFs {
  const fs = point.fs.clone();
  tamper(fs);
  return fs;
}

/** Carries the command out. */
export async function tryCase(trialCase: TrialCase): Promise<Outcome> {
  const { point, call } = trialCase;
  const shown = { fs: stateFor(trialCase) };
  let [fate, words, error] = ['', '', null as unknown];
  try {
    fate = await (call.onDisk ? onDisk(point, shown, call) : inMemory(shown.fs, trialCase));
  } catch (thrown) {
    error = thrown;
    fate = codesOf(thrown).join(' of ');
    words = thrown instanceof RollbackError ? thrown.message : String(thrown);
  }
  return { fate, words, left: observe(shown.fs.clone(), point.subject), error };
}

/** More reads than any run needs: a program that reads on and on is stopped. */
const MOST_READS = 20_000;

function limitReads(fs: MemoryFs): void {
  const readAt = fs.readAt.bind(fs);
  let reads = 0;
  fs.readAt = (...args) => {
    if (reads++ > MOST_READS) throw new Error('it reads on and on');
    return readAt(...args);
  };
}

async function inMemory(fs: MemoryFs, { point, call, meanwhile, moment }: TrialCase): Promise<string> {
  const { how, roots, snapshotDir, forceUnlock, id } = call;
  limitReads(fs);
  const onProgress = (p: { phase: string; done: number; total: number }): void => {
    if (p.phase === 'apply' && p.done === p.total && meanwhile !== undefined) beforeNextLook(fs, meanwhile);
  };
  const options = { snapshotDir, forceUnlock, onProgress, id };
  if (call.before !== undefined) await resumeWith(fs, call.before, options).catch(refusedOnly);
  if (how === 'resume') return (await resumeWith(fs, roots, options)).action;
  if (how === 'undo' && (call.isOpen === true || findOpen(findTransactions(fs, roots)) !== null))
    return `taken back: ${(await undoOpen(fs, roots, options)).wasFinished}`;
  const lockedDirs = point.subject.lockedDirs.filter(
    (dir) => roots.includes(dir) || (snapshotDir !== undefined && dir.startsWith(snapshotDir)),
  );
  const locks = acquireLocks(fs, [...new Set([...roots, ...lockedDirs])]);
  if (moment === 'locked') meanwhile?.(fs);
  if (how === 'apply') {
    if (moment === 'prepared') oncePrepared(fs, point.subject, () => meanwhile?.(fs));
    if (moment === undefined) onceCommitted(fs, () => meanwhile?.(fs));
    const { plan, keepUndo } = point.subject;
    await applyWith(fs, plan, locks, { keepUndo });
    return 'applied';
  }
  let isChanged = how === 'purge';
  try {
    if (how === 'purge') return `purged ${(await purgeWith(fs, locks.dirs, call.id)).purged.length}`;
    await undoWith(fs, roots, locks, options, () => {
      isChanged = true;
    });
    return 'undone';
  } finally {
    if (isChanged) locks.release();
    else locks.restore();
  }
}

function refusedOnly(error: unknown): void {
  if (!(error instanceof RollbackError)) throw error;
}

/** What the steps have done is durable by then. */
function beforeNextLook(fs: MemoryFs, work: (fs: MemoryFs) => void): void {
  const { readdir } = fs;
  fs.readdir = (path) => {
    fs.readdir = readdir;
    work(fs);
    return fs.readdir(path);
  };
}

function onceCommitted(fs: MemoryFs, work: () => void): void {
  const rename = fs.rename.bind(fs);
  fs.rename = (from, to) => {
    rename(from, to);
    if (to.endsWith('/committed')) work();
  };
}

/** Works when the last bolt is there, durably. */
function oncePrepared(fs: MemoryFs, subject: Subject, work: () => void): void {
  const fsyncDir = fs.fsyncDir.bind(fs);
  fs.fsyncDir = (path) => {
    fsyncDir(path);
    if (!path.endsWith('/segments') || observe(fs, subject).unbolted.length > 0) return;
    fs.fsyncDir = fsyncDir;
    work();
  };
}

async function onDisk({ subject }: StoppingPoint, shown: { fs: MemoryFs }, call: Call): Promise<string> {
  const { how, roots, snapshotDir, id } = call;
  writeOut(shown.fs, subject.dir, subject.dir);
  try {
    if (how === 'purge') return await purgeOnDisk(roots, { id, snapshotDir });
    if (how === 'undo') return `undone: ${(await undoRollback(roots, { snapshotDir, id })).wasFinished}`;
    return (await resumeRollback(roots, { snapshotDir, id })).action;
  } finally {
    shown.fs = loadTree(subject.dir);
    rmSync(subject.dir, { recursive: true });
  }
}

/** Refusals that a purge makes before it takes a lock, and its preview therefore too. */
const REFUSED_WITHOUT_LOCKS = ['ERR_UNFINISHED', 'ERR_ROOTS_UNCERTAIN', 'ERR_JOURNAL'];

/** The preview of a purge must refuse what the purge refuses. */
async function purgeOnDisk(roots: readonly string[], options: PurgeOptions): Promise<string> {
  const previewed = await planPurge(roots, options).then(
    () => 'nothing',
    (error: unknown) => codesOf(error)[0],
  );
  try {
    return `purged ${(await purgeUndo(roots, options)).purged.length}`;
  } catch (error) {
    const [code = ''] = codesOf(error);
    if (!REFUSED_WITHOUT_LOCKS.includes(code) || previewed === code) throw error;
    throw new Error(`the preview refuses ${previewed}, the purge ${code}`, { cause: error });
  }
}

/** The code of an error and those of its causes; a foreign error is named by its errno or its class. */
export function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return error === undefined ? [] : [String(error)];
  const { code } = error as NodeJS.ErrnoException;
  return [code ?? error.constructor.name, ...codesOf(error.cause)];
}
