/** Directories in which names have changed and are not yet durable. */
import { dirname } from 'node:path';
import type { DurableFs } from '../store/durable-fs.ts';

/** Collects directories, to sync each of them once. */
export class DirtyDirectories {
  private readonly unsynced = new Set<string>();

  constructor(private readonly fs: DurableFs) {}

  /** Notes that these names have changed. */
  touch(...paths: string[]): void {
    for (const path of paths) this.unsynced.add(dirname(path));
  }

  /** Makes every name so far durable. */
  flush(): void {
    for (const dir of this.unsynced) this.fs.fsyncDir(dir);
    this.unsynced.clear();
  }
}
