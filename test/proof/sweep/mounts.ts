/** File systems made for a test: in memory, or in a file behind a loop device. Gone when the script ends. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { finish } from './process.ts';

/** A file system that can be made and cut off. */
export const DISKS = ['ext4', 'xfs'] as const;
/** Name of one. */
export type DiskKind = (typeof DISKS)[number];

/** The smallest that the tools make (MiB). */
const DISK_MIB: Record<DiskKind, number> = { ext4: 48, xfs: 310 };

const mounted = new Set<string>();

process.on('exit', () => {
  for (const dir of mounted) unmountNow(dir);
});

async function ok(...argv: string[]): Promise<string | null> {
  try {
    const { code, stderr, stdout } = await finish(argv);
    return code === 0 ? null : `${argv[0]}: ${(stderr || stdout).trim().split('\n')[0]}`;
  } catch {
    return `${argv[0]} is not installed`;
  }
}

async function must(...argv: string[]): Promise<void> {
  const problem = await ok(...argv);
  if (problem !== null) throw new Error(`${argv.join(' ')}: ${problem}`);
}

async function mount(dir: string, ...args: string[]): Promise<void> {
  mkdirSync(dir, { recursive: true });
  await must('mount', ...args, dir);
  mounted.add(dir);
}

/** Takes a file system off its directory. */
export async function unmount(dir: string): Promise<void> {
  await must('umount', dir);
  mounted.delete(dir);
}

/** A file system in memory of a limited size (bytes). */
export async function mountMemory(dir: string, size: number): Promise<void> {
  await mount(dir, '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs');
}

/** A disk in a file, freshly made. */
export class Disk {
  private constructor(
    readonly dir: string,
    private readonly image: string,
  ) {}

  /** Makes one below a directory; it is not mounted. */
  static async make(kind: DiskKind, below: string): Promise<Disk> {
    const image = join(below, `${kind}.img`);
    await must('truncate', '-s', `${DISK_MIB[kind]}M`, image);
    await must(`mkfs.${kind}`, '-q', image);
    return new Disk(join(below, kind), image);
  }

  /** Mounts it; after a power cut that replays the journal. */
  async mount(): Promise<void> {
    await mount(this.dir, '-o', 'loop', this.image);
  }

  /** From now on nothing reaches the disk that is not there yet. */
  async cut(): Promise<void> {
    await must('xfs_io', '-x', '-c', 'shutdown', this.dir);
  }

  /** Makes everything on it durable. */
  async sync(): Promise<void> {
    await must('sync', '-f', this.dir);
  }
}

/** Why no file system can be mounted in memory; null when it can. */
export async function whyNoMemory(below: string): Promise<string | null> {
  const dir = join(below, 'try-tmpfs');
  try {
    await mountMemory(dir, 1 << 20);
    await unmount(dir);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    removeMounted(dir);
  }
}

/** Why a kind of disk cannot be made, mounted and cut off; null when it can. */
export async function whyNoDisk(kind: DiskKind, below: string): Promise<string | null> {
  const dir = join(below, `try-${kind}`);
  try {
    mkdirSync(dir);
    const disk = await Disk.make(kind, dir);
    await disk.mount();
    await disk.cut();
    await unmount(disk.dir);
    await disk.mount();
    await unmount(disk.dir);
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    removeMounted(dir);
  }
}

/** Removes a directory, and takes off what a failure has left mounted in it. */
function removeMounted(below: string): void {
  for (const dir of mounted) if (`${dir}/`.startsWith(`${below}/`)) unmountNow(dir);
  rmSync(below, { recursive: true, force: true });
}

function unmountNow(dir: string): void {
  try {
    execFileSync('umount', ['-l', dir], { stdio: 'ignore' });
    mounted.delete(dir);
  } catch {
    // The disk stays mounted: the message of the failure that led here matters more.
  }
}
