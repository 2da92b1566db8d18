/** Every tampered state, and every command that may follow: one of each sort. */

import { join } from 'node:path';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { kindAt } from '../simulator/small-files.ts';
import type { Subject } from '../simulator/subject.ts';
import { additions, databaseFiles } from './database-tampering.ts';
import { intruders } from './intruders.ts';
import {
  areasGone,
  everywhere,
  forgedDocuments,
  ownFiles,
  secondTransaction,
  type Tampering,
} from './journal-tampering.ts';
import { forgottenFirst, lossless } from './lossless.ts';
import { calls, claims, discardedClaims, locks } from './misuse.ts';
import type { StoppingPoint } from './stopping-point.ts';
import type { Call, Moment, TrialCase } from './trial.ts';

/** What is done once in each phase of a run, what once in each part of a way, and what once on each way. */
const OFTEN = [calls, locks, ownFiles, everywhere];
const SELDOM = [databaseFiles, additions, secondTransaction, lossless];
const RARELY = [claims, forgedDocuments];
/** What a command looks for before it takes a lock. Purge on a disk does, and of an open rollback reads nothing else. */
const BEFORE_LOCKS = [claims, areasGone];
const HOW = ['resume', 'undo', 'purge'] as const;

/** The cases at one stopping point. `known` keeps what has been tried: of two that are alike one is enough. */
export function casesOf(point: StoppingPoint, known: Set<string>): TrialCase[] {
  const { subject } = point;
  if (point.sort === '') return untampered(point);
  const isNew = (key: string): boolean => !known.has(key) && known.add(key).size > 0;
  const at = (sort: string, onDisk: boolean) => (tampering: Tampering) => ({ tampering, sort, onDisk });
  const several = subject.plan.tables.length > 1;
  const isOften = isNew(`${subject.dir} ${point.phase}`);
  const isSeldom = point.way !== '' && isNew(`${subject.dir} ${point.part}`);
  // In the middle of a way all marks are there that it begins with, and none that it ends with.
  const isMiddle = isSeldom && /^applied| 1$/.test(point.part);
  const chosen = [
    ...(isOften ? OFTEN : []).flatMap((kind) => kind(point)).map(at(point.phase, false)),
    ...(isSeldom ? calls(point) : []).map(at(point.way, true)),
    ...[...discardedClaims(point), ...forgottenFirst(point)].map(at(point.sort, false)),
    ...(isSeldom ? SELDOM : []).flatMap((kind) => kind(point)).map(at(`${point.part} ${several}`, false)),
    ...(isMiddle ? RARELY : []).flatMap((kind) => kind(point)).map(at(point.way, false)),
  ];
  const purges = (isMiddle ? BEFORE_LOCKS : [])
    .flatMap((kind) => kind(point))
    .filter((tampering) => isNew(`${point.way} purge ${tampering.name}`))
    .map((tampering) => caseOf(point, tampering, { how: 'purge', onDisk: true }));
  const others = chosen.flatMap(({ tampering, sort, onDisk }) =>
    HOW.filter((how) => isTried(how, tampering)).flatMap((how): TrialCase[] => {
      const key = `${sort} ${onDisk} ${how} ${tampering.name}`;
      return isNew(key) ? [caseOf(point, tampering, { how, onDisk })] : [];
    }),
  );
  return [...purges, ...others];
}

/** Purge reads no more than which areas there are; what is done while a command works is aimed at resume's last look. */
const isTried = (how: Call['how'], { call, isMeanwhile }: Tampering): boolean =>
  how === 'purge'
    ? call !== undefined && call.before === undefined
    : how === 'resume' || isMeanwhile !== true;

/** An untampered state. */
function untampered(point: StoppingPoint): TrialCase[] {
  const tampering = { name: 'nothing', tamper: () => {} };
  return (['resume', 'undo'] as const).map((how) => caseOf(point, tampering, { how, onDisk: false }));
}

/** A lock goes while an apply begins; other processes come in before an apply or an undo has begun. */
export function disturbedBeginnings(subject: Subject, applied: MemoryFs): TrialCase[] {
  const named = { subject, applied, way: '', part: '', phase: '', sort: '' };
  const begun = { ...named, name: 'nothing', fs: subject.start };
  const ended = { ...named, name: 'an apply', fs: applied };
  const removed = subject.roots.map((root): Tampering => {
    const path = join(root, 'litt.lock');
    const tamper = (copy: MemoryFs): void => {
      if (kindAt(copy, path) !== null) copy.unlink(path);
    };
    return { name: `the lock of ${root} removed meanwhile`, tamper, isMeanwhile: true };
  });
  const apply = { how: 'apply', onDisk: false } as const;
  const undo = { how: 'undo', onDisk: false } as const;
  const others = intruders(subject);
  return [
    ...removed.map((tampering) => caseOf(begun, tampering, apply)),
    ...others.map((tampering) => caseOf(begun, tampering, apply, 'locked')),
    ...others.map((tampering) => caseOf(begun, tampering, apply, 'prepared')),
    ...(subject.keepUndo ? others : []).map((tampering) => caseOf(ended, tampering, undo, 'locked')),
  ];
}

function caseOf(
  point: StoppingPoint,
  tampering: Tampering,
  { how, onDisk }: Pick<Call, 'how' | 'onDisk'>,
  moment?: Moment,
): TrialCase {
  const { roots, snapshotDir } = point.subject;
  const call = { how, onDisk, roots, snapshotDir, forceUnlock: false, ...tampering.call };
  const { tamper, isMeanwhile } = tampering;
  return {
    name: `${onDisk ? 'on disk: ' : ''}${how} after ${point.name}, ${tampering.name}${moment === undefined ? '' : `, ${moment}`}`,
    point,
    call,
    tamper: isMeanwhile === true ? () => {} : tamper,
    meanwhile: isMeanwhile === true ? tamper : undefined,
    moment,
    isUnseen: onDisk || (tampering.isUnseen ?? false),
    leadsOut: tampering.leadsOut ?? false,
  };
}
