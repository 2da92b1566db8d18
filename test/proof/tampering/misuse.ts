/** How a command may be called wrongly, and who else may be at work. */

import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { locksAndBolts } from '../simulator/observe.ts';
import { kindAt, put } from '../simulator/small-files.ts';
import { copyTree } from './file-changes.ts';
import { seal } from './forgery.ts';
import { areasOf, type Tampering } from './journal-tampering.ts';
import { participantsOf, type StoppingPoint } from './stopping-point.ts';

const nothing = (): void => {};

/** Roots forgotten, exchanged, doubled; a snapshot directory that is not passed, or another one. */
export function calls({ subject }: StoppingPoint): Tampering[] {
  const { roots, snapshotDir, dir } = subject;
  const made: Tampering[] = [{ name: 'as it should be called', tamper: nothing, call: {} }];
  for (const [i, root] of roots.entries()) {
    const others = roots.filter((r) => r !== root);
    const copy = join(dir, 'copy');
    const copied = (fs: MemoryFs): void => copyTree(fs, root, fs, copy);
    const which = i === 0 ? 'the first root' : 'a later root';
    if (others.length > 0)
      made.push({ name: `${which} forgotten`, tamper: nothing, call: { roots: others } });
    made.push({ name: `a copy besides ${which}`, tamper: copied, call: { roots: [...roots, copy] } });
    const later = roots[(i + 1) % roots.length] as string;
    const instead = [...others.filter((r) => r !== later), root, copy];
    if (others.length > 0)
      made.push({ name: `a copy of ${which} for another root`, tamper: copied, call: { roots: instead } });
  }
  made.push({ name: 'as if it were open', tamper: nothing, call: { isOpen: true } });
  made.push({ name: 'an unknown one', tamper: nothing, call: { id: 'unknown' } });
  if (snapshotDir === undefined) return made;
  const other = join(dir, 'other');
  const isMade = (fs: MemoryFs): void => fs.mkdir(other, 0o755);
  made.push({ name: 'no snapshot directory', tamper: nothing, call: { snapshotDir: undefined } });
  made.push({ name: 'another snapshot directory', tamper: isMade, call: { snapshotDir: other } });
  made.push({ name: 'a root for a snapshot directory', tamper: nothing, call: { snapshotDir: roots[0] } });
  return made;
}

/** Locks and bolts removed by hand, and locks of others in their place. */
export function locks({ subject, fs }: StoppingPoint): Tampering[] {
  const present = locksAndBolts(fs, subject);
  const removed = (copy: MemoryFs): void => {
    for (const path of present) copy.unlink(path);
  };
  const made: Tampering[] = [{ name: 'locks and bolts removed', tamper: removed }];
  for (const [i, dir] of participantsOf(subject).entries()) {
    const path = join(dir, 'litt.lock');
    const which =
      i === 0 ? "the first root's" : i < subject.roots.length ? "a later root's" : "the snapshots'";
    for (const [whose, pid] of [
      ['a living process', process.ppid],
      ['a dead process', DEAD],
    ] as const) {
      const text = `PID: ${pid}\nTimestamp: 2026-01-01T00:00:00Z\n`;
      const locked = (copy: MemoryFs): void => put(copy, path, Buffer.from(text));
      made.push({ name: `${which} lock that of ${whose}`, tamper: locked });
    }
    if (kindAt(fs, path) === 'file')
      made.push({ name: `${which} lock removed`, tamper: (copy) => copy.unlink(path) });
  }
  return made;
}

/** No process has this number. */
const DEAD = 4_199_998;

/** The areas claimed by another process, with and without a user who says that it is dead. */
export const claims = (point: StoppingPoint): Tampering[] => claimsOf(areasOf(point), 'area');

/** The same of areas that are out of sight. */
export function discardedClaims({ fs, subject }: StoppingPoint): Tampering[] {
  const discarded = participantsOf(subject).map((dir) =>
    join(dir, '.litt-rollback', `trash-${subject.plan.id}`),
  );
  return claimsOf(
    discarded.filter((area) => kindAt(fs, area) === 'directory'),
    'discarded area',
  );
}

function claimsOf(areas: readonly string[], what: string): Tampering[] {
  return areas.flatMap((area, i) =>
    Object.entries(claimants()).flatMap(([who, bytes]) =>
      (/living|container/.test(who) ? [false, true] : [false]).map((forceUnlock): Tampering => {
        const name = `${i === 0 ? 'the first' : 'a later'} ${what} claimed by ${who}, ${forceUnlock ? '' : 'not '}forced`;
        return { name, tamper: (copy) => put(copy, join(area, 'runner.77'), bytes), call: { forceUnlock } };
      }),
    ),
  );
}

function claimants(): Record<string, Buffer> {
  const pid = process.ppid;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  const space = readlinkSync('/proc/self/ns/pid');
  return {
    'a living process': seal({ pid, boot, started, space }),
    'another container': seal({ pid, boot, started, space: 'pid:[1]' }),
    'a dead process': seal({ pid: DEAD, boot, started, space }),
    'an unknown process': seal({ pid: 'x' }),
    'a torn claim': Buffer.from('{"pid":'),
  };
}
