/** Every tampered state, and every command that may follow: one of each sort. */

import { join } from 'node:path';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { kindAt } from '../simulator/small-files.ts';
import type { Subject } from '../simulator/subject.ts';
import { additions, databaseFiles } from './database-tampering.ts';
import {
  everywhere,
  forgedDocuments,
  ownFiles,
  secondTransaction,
  type Tampering,
} from './journal-tampering.ts';
import { calls, claims, discardedClaims, locks } from './misuse.ts';
import type { StoppingPoint } from './stopping-point.ts';
import type { Call, TrialCase } from './trial.ts';

/** What is done once in each phase of a run, what once in each part of a way, and what once on each way. */
const OFTEN = [calls, locks, ownFiles, everywhere];
const SELDOM = [databaseFiles, additions, secondTransaction];
const RARELY = [claims, forgedDocuments];
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
    ...discardedClaims(point).map(at(point.sort, false)),
    ...(isSeldom ? SELDOM : []).flatMap((kind) => kind(point)).map(at(`${point.part} ${several}`, false)),
    ...(isMiddle ? RARELY : []).flatMap((kind) => kind(point)).map(at(point.way, false)),
  ];
  return chosen.flatMap(({ tampering, sort, onDisk }) =>
    HOW.filter((how) => isTried(how, tampering)).flatMap((how): TrialCase[] => {
      const key = `${sort} ${onDisk} ${how} ${tampering.name}`;
      return isNew(key) ? [caseOf(point, tampering, { how, onDisk })] : [];
    }),
  );
}

/** Purge reads no more than which areas there are; what is done while a command works is aimed at resume's last look. */
const isTried = (how: Call['how'], { call, isMeanwhile }: Tampering): boolean =>
  how === 'purge' ? call !== undefined : how === 'resume' || isMeanwhile !== true;

/** An untampered state. */
function untampered(point: StoppingPoint): TrialCase[] {
  const tampering = { name: 'nothing', tamper: () => {} };
  return (['resume', 'undo'] as const).map((how) => caseOf(point, tampering, { how, onDisk: false }));
}

/** A lock goes while an apply begins. */
export function disturbedBeginnings(subject: Subject, applied: MemoryFs): TrialCase[] {
  const fs = subject.start;
  const point = { name: 'nothing', subject, fs, applied, way: '', part: '', phase: '', sort: '' };
  return subject.roots.map((root) => {
    const path = join(root, 'litt.lock');
    const tamper = (copy: MemoryFs): void => {
      if (kindAt(copy, path) !== null) copy.unlink(path);
    };
    const tampering = { name: `the lock of ${root} removed meanwhile`, tamper, isMeanwhile: true };
    return caseOf(point, tampering, { how: 'apply', onDisk: false });
  });
}

function caseOf(
  point: StoppingPoint,
  tampering: Tampering,
  { how, onDisk }: Pick<Call, 'how' | 'onDisk'>,
): TrialCase {
  const { roots, snapshotDir } = point.subject;
  const call = { how, onDisk, roots, snapshotDir, forceUnlock: false, ...tampering.call };
  const { tamper, isMeanwhile } = tampering;
  return {
    name: `${onDisk ? 'on disk: ' : ''}${how} after ${point.name}, ${tampering.name}`,
    point,
    call,
    tamper: isMeanwhile === true ? () => {} : tamper,
    meanwhile: isMeanwhile === true ? tamper : undefined,
    isUnseen: onDisk || (tampering.isUnseen ?? false),
  };
}
