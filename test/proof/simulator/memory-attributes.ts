/** Modes, owners, times and extended attributes of the simulated file system. */
import { MemoryCore, ownerChange } from './memory-core.ts';

const PERMISSION_BITS = 0o7777;

/** The calls that change nothing but attributes. */
export class MemoryAttributes extends MemoryCore {
  /** As DurableFs; a mode that is there already is not noted. */
  chmod(target: string | number, mode: number): void {
    const { id, path } = this.target(target, 'chmod', true);
    // What changes nothing leaves nothing to lose.
    if (this.store.get(id).mode === (mode & PERMISSION_BITS)) return;
    this.change({ op: 'attributes', path, id, set: { mode: mode & PERMISSION_BITS } });
  }

  /** As DurableFs; of a file it clears set-id bits. */
  chown(target: string | number, uid: number, gid: number): void {
    const { id, path } = this.target(target, 'chown', false);
    const set = ownerChange(this.store.get(id), uid, gid);
    this.change({ op: 'attributes', path, id, set });
  }

  /** As DurableFs: whole microseconds. */
  utimes(path: string, mtimeNs: string): void {
    const { id } = this.target(path, 'lutime', false);
    this.change({ op: 'attributes', path, id, set: { mtimeNs: String((BigInt(mtimeNs) / 1000n) * 1000n) } });
  }

  /** Gives extended attributes to what is there, for trees that are built by hand. */
  setExtended(path: string, extended: Readonly<Record<string, string>>): void {
    const { id } = this.target(path, 'setxattr', false);
    this.change({ op: 'attributes', path, id, set: { extended } });
  }

  /** As DurableFs; false where the machine has no such command. */
  copyAttributes(from: string, to: string, what: 'access' | 'times'): boolean {
    const { mode, mtimeNs, extended } = this.store.get(this.target(from, 'copy attributes', true).id);
    const { id } = this.target(to, 'copy attributes', true);
    if (this.options.copiesAttributes === false) return false;
    const access = extended === undefined ? { mode } : { mode, extended };
    const now = this.store.get(id);
    // What changes nothing leaves nothing to lose.
    if (what === 'access' && extended === undefined && now.mode === mode) return true;
    this.change({ op: 'attributes', path: to, id, set: what === 'times' ? { mtimeNs } : access });
    return true;
  }
}
