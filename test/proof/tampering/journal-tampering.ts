/**
 * Tampering with the journal of an applied or interrupted rollback: each kind once for each sort of file.
 * Nothing here uses knowledge of what the program reads.
 */

import { join } from 'node:path';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { bytesOf, kindAt, put } from '../simulator/small-files.ts';
import { entriesBelow } from '../simulator/tree-io.ts';
import { changesTo, copyTree } from './file-changes.ts';
import { forgeries, seal, unseal } from './forgery.ts';
import { participantsOf, type StoppingPoint } from './stopping-point.ts';
import type { Call } from './trial.ts';

/** One kind of tampering. */
export interface Tampering {
  readonly name: string;
  readonly tamper: (fs: MemoryFs) => void;
  /** Whether it is done while a command works, not before. */
  readonly isMeanwhile?: boolean;
  /** Whether it cannot be seen: sizes and checksums are right. */
  readonly isUnseen?: boolean;
  /** Whether nothing is lost by it, and the rollback can go on. */
  readonly leadsOut?: boolean;
  /** How the call differs from the right one. */
  readonly call?: Partial<Call>;
}

/** The transaction's area in each member that has one. */
export function areasOf({ subject, fs }: StoppingPoint): string[] {
  const areas = participantsOf(subject).map((dir) => join(dir, '.litt-rollback', subject.plan.id));
  return areas.filter((area) => kindAt(fs, area) === 'directory');
}

/** Our own files: documents, marks, claims, and what is kept; those of the first and of the last member. */
export function ownFiles(point: StoppingPoint): Tampering[] {
  const { fs } = point;
  const areas = areasOf(point);
  return areas.flatMap((area, i) => {
    const other = areas[(i + 1) % areas.length] as string;
    return entriesBelow(fs, area).flatMap(([path]) => {
      // What lies deeper is derived, and moved as a whole.
      if (path.split('/').length > 2) return [];
      const at = join(area, path);
      const name = `${whoOf(i, areas.length)} ${path.replaceAll(/\d+/g, 'N')}`;
      const made = changesTo(fs, at).map(
        ([how, tamper]): Tampering => ({
          name: `${name} ${how}`,
          tamper: (copy) => tamper(copy, at),
          isUnseen: isRot(path, how),
        }),
      );
      if (other === area || kindAt(fs, at) !== 'file' || kindAt(fs, join(other, path)) !== 'file')
        return made;
      const swapped = (copy: MemoryFs): void => put(copy, at, bytesOf(copy, join(other, path)));
      return [...made, { name: `${name} that of another member`, tamper: swapped }];
    });
  });
}

/** One of our files damaged or removed in every member at once, and our whole directory with it. */
export function everywhere(point: StoppingPoint): Tampering[] {
  const areas = areasOf(point);
  const [first] = areas;
  if (first === undefined) return [];
  const files = entriesBelow(point.fs, first).filter(([path]) => !path.includes('/') && path !== 'kept');
  const all = files.flatMap(([path]) =>
    changesTo(point.fs, join(first, path)).map(
      ([how, tamper]): Tampering => ({
        name: `everywhere ${path.replaceAll(/\d+/g, 'N')} ${how}`,
        tamper: (copy) => {
          for (const area of areas)
            if (kindAt(copy, join(area, path)) !== null) tamper(copy, join(area, path));
        },
      }),
    ),
  );
  return [...all, ...areasGone(point)];
}

/** The whole area of the transaction removed in every member. */
export function areasGone(point: StoppingPoint): Tampering[] {
  const areas = areasOf(point);
  const gone = (fs: MemoryFs): void => {
    for (const area of areas) fs.removeTree(area);
  };
  return areas.length === 0 ? [] : [{ name: 'everywhere its area removed', tamper: gone }];
}

/** What is kept has no checksum: disks that lie are beyond what is promised. */
const isRot = (path: string, how: string): boolean => path.startsWith('kept/') && /^(zeroed|a bit)/.test(how);

const whoOf = (i: number, of: number): string =>
  i === 0 ? "the first member's" : i === of - 1 ? "the last member's" : "a member's";

/** Documents that say something else, everywhere or in one member only. */
export function forgedDocuments(point: StoppingPoint): Tampering[] {
  const areas = areasOf(point);
  return ['journal.json', 'undo.json', 'undoing'].flatMap((file) => {
    const having = areas.map((area) => join(area, file)).filter((path) => kindAt(point.fs, path) === 'file');
    const forged = having.map(
      (path) => new Map(forgeries(bytesOf(point.fs, path)).map((f) => [f.name, f.bytes])),
    );
    return [...(forged[0]?.keys() ?? [])].flatMap((name) => {
      const inSome = (which: string, isChosen: (i: number) => boolean): Tampering => ({
        name: `${file}${name} in ${which}`,
        isUnseen: true,
        tamper: (fs) =>
          having.forEach((path, i) => {
            const bytes = forged[i]?.get(name);
            if (bytes !== undefined && isChosen(i)) put(fs, path, bytes());
          }),
      });
      const all = inSome('all', () => true);
      if (having.length === 1 || /\.plan\..*[.[]/.test(name)) return [all];
      return [all, inSome('the first', (i) => i === 0), inSome('the last', (i) => i === having.length - 1)];
    });
  });
}

/** A second transaction beside the first: its areas under another name. */
export function secondTransaction(point: StoppingPoint): Tampering[] {
  const other = `${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`;
  const areas = areasOf(point);
  if (areas.length === 0) return [];
  const copied =
    (renamed: boolean) =>
    (fs: MemoryFs): void => {
      for (const area of areas) {
        const to = join(area, '..', other);
        copyTree(fs, area, fs, to);
        for (const file of ['journal.json', 'undo.json']) {
          const at = join(to, file);
          if (!renamed || kindAt(fs, at) !== 'file') continue;
          const text = JSON.stringify(unseal(bytesOf(fs, at)));
          put(fs, at, seal(JSON.parse(text.replaceAll(point.subject.plan.id, other))));
        }
      }
    };
  return [
    { name: 'its areas again under another name', tamper: copied(false) },
    { name: 'another transaction like it', tamper: copied(true), isUnseen: true },
  ];
}
