/** Every state that somebody has meddled with, and every way to go on from there: one of each sort. */
import { join } from 'node:path';
import { kindAt } from '../simulator/judge.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import type { Subject } from '../simulator/subject.ts';
import type { Call, Situation } from './attempt.ts';
import { calls, claims, discardedClaims, guards } from './calling.ts';
import { additions, databaseFiles } from './database-meddling.ts';
import { everywhere, forgedDocuments, type Meddling, ownFiles, secondTransaction } from './meddling.ts';
import type { Stage } from './stage.ts';

/** What is done once in each phase of a run, what once in each part of a way, and what once on each way. */
const OFTEN = [calls, guards, ownFiles, everywhere];
const SELDOM = [databaseFiles, additions, secondTransaction];
const RARELY = [claims, forgedDocuments];
const HOW = ['resume', 'undo', 'purge'] as const;

/** The situations of one stage. `known` keeps what has been tried: of two that are alike one is enough. */
export function situationsOf(stage: Stage, known: Set<string>): Situation[] {
  const { subject } = stage;
  if (stage.sort === '') return untouched(stage);
  const isNew = (key: string): boolean => !known.has(key) && known.add(key).size > 0;
  const at = (sort: string, onDisk: boolean) => (meddling: Meddling) => ({ meddling, sort, onDisk });
  const several = subject.plan.tables.length > 1;
  const isOften = isNew(`${subject.dir} ${stage.phase}`);
  const isSeldom = stage.way !== '' && isNew(`${subject.dir} ${stage.part}`);
  // In the middle of a way all marks are there that it begins with, and none that it ends with.
  const isMiddle = isSeldom && /^applied| 1$/.test(stage.part);
  const chosen = [
    ...(isOften ? OFTEN : []).flatMap((kind) => kind(stage)).map(at(stage.phase, false)),
    ...(isSeldom ? calls(stage) : []).map(at(stage.way, true)),
    ...discardedClaims(stage).map(at(stage.sort, false)),
    ...(isSeldom ? SELDOM : []).flatMap((kind) => kind(stage)).map(at(`${stage.part} ${several}`, false)),
    ...(isMiddle ? RARELY : []).flatMap((kind) => kind(stage)).map(at(stage.way, false)),
  ];
  return chosen.flatMap(({ meddling, sort, onDisk }) =>
    HOW.filter((how) => isTried(how, meddling)).flatMap((how): Situation[] => {
      const key = `${sort} ${onDisk} ${how} ${meddling.name}`;
      return isNew(key) ? [situationOf(stage, meddling, { how, onDisk })] : [];
    }),
  );
}

/** Purge reads no more than which areas there are; what is done while a command works is aimed at resume's last look. */
const isTried = (how: Call['how'], { call, isMeanwhile }: Meddling): boolean =>
  how === 'purge' ? call !== undefined : how === 'resume' || isMeanwhile !== true;

/** A state that nobody has touched. */
function untouched(stage: Stage): Situation[] {
  const meddling = { name: 'nothing', meddle: () => {} };
  return (['resume', 'undo'] as const).map((how) => situationOf(stage, meddling, { how, onDisk: false }));
}

/** A lock goes while an apply begins. */
export function disturbedBeginnings(subject: Subject, applied: MemoryFs): Situation[] {
  const fs = subject.start;
  const stage = { name: 'nothing', subject, fs, applied, way: '', part: '', phase: '', sort: '' };
  return subject.roots.map((root) => {
    const path = join(root, 'litt.lock');
    const meddle = (copy: MemoryFs): void => {
      if (kindAt(copy, path) !== null) copy.unlink(path);
    };
    const meddling = { name: `the lock of ${root} removed meanwhile`, meddle, isMeanwhile: true };
    return situationOf(stage, meddling, { how: 'apply', onDisk: false });
  });
}

function situationOf(
  stage: Stage,
  meddling: Meddling,
  { how, onDisk }: Pick<Call, 'how' | 'onDisk'>,
): Situation {
  const { roots, snapshotDir } = stage.subject;
  const call = { how, onDisk, roots, snapshotDir, forceUnlock: false, ...meddling.call };
  const { meddle, isMeanwhile } = meddling;
  return {
    name: `${onDisk ? 'on disk: ' : ''}${how} after ${stage.name}, ${meddling.name}`,
    stage,
    call,
    meddle: isMeanwhile === true ? () => {} : meddle,
    meanwhile: isMeanwhile === true ? meddle : undefined,
    isUnseen: onDisk || (meddling.isUnseen ?? false),
  };
}
