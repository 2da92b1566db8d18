/** One process of scripts/fuzz.ts: takes its share of the work, and sends what it has found. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../../../scripts/workers.ts';
import { tryDirectory } from './directories.ts';
import { tryFields } from './fields.ts';
import { problemsOfPlan } from './forged/plan-cases.ts';
import { PLAN_CASES } from './forged/plans.ts';
import { makeWorld, type World } from './forged/world.ts';
import { stageWorlds, tryForged } from './forged.ts';
import { parserTargets, tryParser } from './parsers.ts';
import { count, emptyTally, type Tally } from './tally.ts';

/** A worker's share: numbers `from` to `to` of a part's inputs. */
export interface Share {
  readonly part: 'parsers' | 'directories' | 'forged' | 'by hand' | 'fields';
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Only the input with this id. */
  readonly only: string | null;
  /** Directories are made below this one. */
  readonly scratch: string;
}

serve(work);

async function work(share: Share): Promise<Tally> {
  const tally = emptyTally();
  const dir = mkdtempSync(join(share.scratch, 'worker-'));
  try {
    await PARTS[share.part](share, dir, tally);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  tally.peakBytes = process.resourceUsage().maxRSS * 1024;
  return tally;
}

const wanted = ({ only }: Share, id: string): boolean => only === null || only === id;

const PARTS: Record<Share['part'], (share: Share, dir: string, tally: Tally) => Promise<void>> = {
  async parsers(share, dir, tally) {
    const { plan } = await freshWorld(dir)();
    for (const target of parserTargets(plan)) {
      const numberOf = (n: number): number => Math.floor((n * target.share) / 1000);
      let [from, to] = [numberOf(share.from), numberOf(share.to)];
      if (share.only !== null) {
        const [, name, number] = share.only.split('/');
        if (name !== target.name) continue;
        [from, to] = [Number(number), Number(number) + 1];
      }
      tryParser(target, share.seed, from, to, tally);
    }
  },

  async directories(share, dir, tally) {
    for (let n = share.from; n < share.to; n++) {
      if (wanted(share, `directories/${n}`)) await tryDirectory(dir, share.seed, n, tally);
    }
  },

  async forged(share, dir, tally) {
    const staged = await stageWorlds(freshWorld(dir));
    for (let n = share.from; n < share.to; n++) {
      if (wanted(share, `forged/${n}`)) await tryForged(staged, share.seed, n, tally);
    }
  },

  async fields(share, dir, tally) {
    await tryFields(await freshWorld(dir)(), share.only, tally);
  },

  async 'by hand'(share, dir, tally) {
    const make = freshWorld(dir);
    for (const one of PLAN_CASES) {
      const id = `by hand/${one.name}`;
      if (!wanted(share, id)) continue;
      const problems = await problemsOfPlan(one, await make());
      for (const problem of problems) tally.findings.push({ id, problem });
      count(tally, 'plans forged by hand');
    }
  },
};

/** Makes worlds, each in a directory of its own. */
function freshWorld(dir: string): () => Promise<World> {
  let made = 0;
  return () => {
    const own = join(dir, `world-${made++}`);
    mkdirSync(own);
    return makeWorld(own);
  };
}
