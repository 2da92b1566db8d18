/** Everything that is done with one database. */
import type { SweepCase } from './cases.ts';
import { killTasks } from './kill.ts';
import type { Part } from './options.ts';
import type { Runner } from './runner.ts';
import { afterwards, applying, type Counted, count, recovering, type Scenario } from './scenarios.ts';

/** Crashed states of one run that recoveries are crashed in. */
const FIRST_CRASHES = 7;
const QUICK_FIRST_CRASHES = 2;

/** Sweeps one database. */
export async function sweepCase(runner: Runner, of: SweepCase): Promise<void> {
  const counted: Counted[] = [];
  for (const scenario of [...applying(of), ...afterwards(of)]) {
    // The result of an undisturbed apply is what all others are held against.
    if (scenario.name !== 'apply' && !runner.wants(`${of.name}:${scenario.name}`)) continue;
    counted.push(await count(runner, scenario));
  }
  if (has(runner, 'kill')) for (const scenario of counted) await kill(runner, scenario);
  if (has(runner, 'double')) await sweepDouble(runner, counted);
}

const has = (runner: Runner, part: Part): boolean => runner.options.parts.has(part);

async function kill(runner: Runner, scenario: Counted): Promise<void> {
  if (runner.options.verbose) process.stderr.write(`${scenario.id}: kill\n`);
  await runner.run(killTasks(runner, scenario));
}

/** A second crash, while recovering from the first. */
async function sweepDouble(runner: Runner, counted: readonly Counted[]): Promise<void> {
  const limit = runner.options.quick ? QUICK_FIRST_CRASHES : FIRST_CRASHES;
  for (const first of counted) {
    if (first.name === 'purge' || first.name === 'apply-saved') continue;
    const points = runner.choose(
      first.points.filter((p) => !p.sync),
      limit,
    );
    for (const command of ['resume', 'undo'] as const) {
      for (const second of await recovering(runner, first, points, command)) {
        await kill(runner, await count(runner, second as Scenario));
      }
    }
  }
}
