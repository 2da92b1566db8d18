/** `version`: prints the version of this program, its platform, and the formats that it reads and writes. */
import { programVersion } from '../version.ts';
import type { Context } from './context.ts';
import { EXIT_DONE } from './exit-codes.ts';

/** Formats by their versions; those of segments are the engine's. */
const FORMATS = { plan: [1], journal: [1], segments: [3, 4] } as const;

/** Runs the command; the result is its exit code. */
export async function run(context: Context): Promise<number> {
  const program = programVersion();
  if (context.json) {
    const { version: node, platform, arch } = process;
    const document = { message_type: 'version', version: 1, program, node, platform, arch, formats: FORMATS };
    await context.out.json(document);
  } else await context.out.write(`${program}\n`);
  return EXIT_DONE;
}
