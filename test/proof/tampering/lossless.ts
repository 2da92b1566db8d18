/** Tampering that loses nothing: engines that were started, derived data removed, copies, a command with too few roots. */

import { join } from 'node:path';
import { OURS } from '../own-files.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { observe } from '../simulator/observe.ts';
import { bytesOf, kindAt, put } from '../simulator/small-files.ts';
import { entriesBelow } from '../simulator/tree-io.ts';
import type { Tampering } from './journal-tampering.ts';
import type { StoppingPoint } from './stopping-point.ts';

/** From each of these a resume leads out, and also an undo of what is open. */
export function lossless(point: StoppingPoint): Tampering[] {
  return [...refusedStart(point), ...derivedRemoved(point), copied(point)];
}

/** A resume with one root forgotten, before the right one. */
export function forgottenFirst({ subject: { roots } }: StoppingPoint): Tampering[] {
  if (roots.length === 1) return [];
  return [roots[0], roots.at(-1)].map((root, i) => ({
    name: `${i === 0 ? 'the first' : 'the last'} root forgotten at first`,
    tamper: () => {},
    leadsOut: true,
    call: { before: roots.filter((r) => r !== root) },
  }));
}

/** An engine whose locks were removed has made a keymap and refused at the bolt. It gives its locks back. */
function refusedStart({ subject, fs }: StoppingPoint): Tampering[] {
  if (observe(fs, subject).unbolted.length > 0) return [];
  const tamper = (copy: MemoryFs): void => {
    for (const dir of subject.lockedDirs)
      if (kindAt(copy, join(dir, 'litt.lock')) !== null) copy.unlink(join(dir, 'litt.lock'));
    for (const { table } of subject.plan.tables) {
      const keymaps = subject.roots.map((root) => join(root, table, 'keymap'));
      const first = keymaps.find((path) => kindAt(copy, join(path, '..')) === 'directory');
      if (first === undefined || keymaps.some((path) => kindAt(copy, path) !== null)) continue;
      copy.mkdir(first, 0o755);
    }
  };
  return [{ name: 'an engine refused at the bolt', tamper, leadsOut: true }];
}

/** `rm -rf keymap`, and the links of the snapshots. */
function derivedRemoved({ subject, fs }: StoppingPoint): Tampering[] {
  const at = (pattern: RegExp): string[] =>
    entriesBelow(fs, subject.dir).flatMap(([path, { kind }]) =>
      pattern.test(`${path} ${kind}`) && !OURS.test(path) ? [join(subject.dir, path)] : [],
    );
  const kinds = {
    keymaps: at(/^root\d+\/[^/]+\/keymap directory$/),
    'snapshot links': at(/^snapshots\/[^/]+\/segments\/[^/]+ link$/),
  };
  return Object.entries(kinds).flatMap(([what, paths]): Tampering[] => {
    const tamper = (copy: MemoryFs): void => {
      for (const path of paths) copy.removeTree(path);
    };
    return paths.length === 0 ? [] : [{ name: `all ${what} removed`, tamper, leadsOut: true }];
  });
}

/** As `cp -a` leaves it: the same names, contents, modes, owners and times in other inodes; links stay links. */
function copied({ subject }: StoppingPoint): Tampering {
  const tamper = (copy: MemoryFs): void => {
    const first = new Map<number, string>();
    for (const [name, { id, kind }] of entriesBelow(copy, subject.dir)) {
      if (kind !== 'file') continue;
      const path = join(subject.dir, name);
      const known = first.get(id);
      if (known === undefined) remake(copy, path);
      else {
        copy.unlink(path);
        copy.link(known, path);
      }
      first.set(id, known ?? path);
    }
  };
  return { name: 'copied into other inodes', tamper, leadsOut: true };
}

function remake(fs: MemoryFs, path: string): void {
  const { mode, uid, gid, mtimeNs } = fs.lstat(path);
  const bytes = bytesOf(fs, path);
  fs.unlink(path);
  put(fs, path, bytes);
  fs.chown(path, uid, gid);
  fs.chmod(path, mode);
  fs.utimes(path, mtimeNs);
}
