/** One process of scripts/fuzz.ts: takes its share of the work, and sends what it has found. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { addCount } from '../../../scripts/rows.ts';
import { serve } from '../../../scripts/workers.ts';
import { tryDirectory } from './directories.ts';
import { tryFields } from './fields.ts';
import { problemsOfPlan } from './forged/plan-cases.ts';
import { PLAN_CASES } from './forged/plans.ts';
import { makeWorld, type World } from './forged/world.ts';
import { stageWorlds, tryForged } from './forged.ts';
import { parserTargets, tryParser } from './parsers.ts';
import { emptyReport, type Report } from './report.ts';

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

async function work(share: Share): Promise<Report> {
  const report = emptyReport();
  const dir = mkdtempSync(join(share.scratch, 'worker-'));
  try {
    await PARTS[share.part](share, dir, report);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  report.peakBytes = process.resourceUsage().maxRSS * 1024;
  return report;
}

const wanted = ({ only }: Share, id: string): boolean => only === null || only === id;

const PARTS: Record<Share['part'], (share: Share, dir: string, report: Report) => Promise<void>> = {
  async parsers(share, dir, report) {
    const { plan } = await freshWorld(dir)();
    for (const target of parserTargets(plan)) {
      const numberOf = (n: number): number => Math.floor((n * target.share) / 1000);
      let [from, to] = [numberOf(share.from), numberOf(share.to)];
      if (share.only !== null) {
        const [, name, number] = share.only.split('/');
        if (name !== target.name) continue;
        [from, to] = [Number(number), Number(number) + 1];
      }
      tryParser(target, share.seed, from, to, report);
    }
  },

  async directories(share, dir, report) {
    for (let n = share.from; n < share.to; n++) {
      if (wanted(share, `directories/${n}`)) await tryDirectory(dir, share.seed, n, report);
    }
  },

  async forged(share, dir, report) {
    const staged = await stageWorlds(freshWorld(dir));
    for (let n = share.from; n < share.to; n++) {
      if (wanted(share, `forged/${n}`)) await tryForged(staged, share.seed, n, report);
    }
  },

  async fields(share, dir, report) {
    await tryFields(await freshWorld(dir)(), share.only, report);
  },

  async 'by hand'(share, dir, report) {
    const make = freshWorld(dir);
    for (const one of PLAN_CASES) {
      const id = `by hand/${one.name}`;
      if (!wanted(share, id)) continue;
      const problems = await problemsOfPlan(one, await make());
      for (const problem of problems) report.findings.push({ id, problem });
      addCount(report.counts, 'plans forged by hand');
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
