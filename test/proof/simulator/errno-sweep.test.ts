/** Every call of small runs fails: each error is told by its name and with its file, and none is called a defect. */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { expect } from 'chai';
import { describeErrno, ERRNO_NAMES } from '../../../lib/errno.ts';
import { ioError } from '../../../lib/errors.ts';
import { runs } from '../../helpers/arbitraries.ts';
import { errnoError } from './errno.ts';
import { complaint } from './errno-complaints.ts';
import { type ErrnoRun, failedCall, run, SmallDatabase } from './errno-runs.ts';

const ALL = [...ERRNO_NAMES.keys()];

/** What machines report most often, and what the program takes for an answer in some places. */
const COMMON = (['EIO', 'EACCES', 'ENOENT', 'EDQUOT'] as const).map((name) => constants.errno[name]);

/** The errors for call number `i`: by turns a common one and any, and more of all where more runs are asked for. */
function errnosFor(i: number): Set<number> {
  const { numRuns } = runs(1);
  if (numRuns === 1 && i % 2 === 0) return new Set([COMMON[(i / 2) % COMMON.length] as number]);
  return new Set(Array.from({ length: numRuns }, (_, k) => ALL[(i * numRuns + k) % ALL.length] as number));
}

/** What is wrong with how a run takes the failures of its calls. */
async function complaintsOf(on: SmallDatabase, one: ErrnoRun): Promise<string[]> {
  const { fs, error } = await run(one.from, one.work);
  if (error !== null) throw error;
  const changes = fs.ops.length;
  const complaints: string[] = [];
  expect(changes + fs.reads).to.be.greaterThan(10);
  for (let i = 0; i < changes + fs.reads; i++) {
    for (const errno of errnosFor(i)) {
      const fault =
        i < changes ? { failAt: { index: i, errno } } : { failReadAt: { index: i - changes, errno } };
      const ran = await run(one.from, one.work, fault);
      const name = ERRNO_NAMES.get(errno) as string;
      const call = failedCall(ran);
      const problem = call === null ? 'it did not fail' : complaint(one, ran, call, name);
      if (problem !== null) complaints.push(`${name} of ${call?.name} ${call?.paths.join()}: ${problem}`);
    }
  }
  return complaints.map((text) => text.replaceAll(on.dir, ''));
}

describe('the errors of Linux', () => {
  it('have a name and words each, also where Node has none', () => {
    for (const [name, number] of Object.entries(constants.errno)) {
      const twice = { EOPNOTSUPP: 'ENOTSUP', EWOULDBLOCK: 'EAGAIN' }[name];
      expect(ERRNO_NAMES.get(number), name).to.equal(twice ?? name);
    }
    for (let number = 1; number <= 133; number++) {
      if (number === 41 || number === 58) continue; // Linux has no such errors
      const name = ERRNO_NAMES.get(number) as string;
      expect(name, String(number)).to.match(/^E[A-Z0-9]+$/);
      const { code, kind, message } = ioError(errnoError(number, 'write', '/a'), '/b', 'write a file');
      expect([code, kind], message).to.deep.equal(['ERR_IO', 'system']);
      expect(message)
        .to.contain(`write a file: ${describeErrno(name)} (/a)`)
        .and.to.match(/: E[A-Z0-9]+, [a-zA-Z]/);
      expect(message).not.to.contain('Unknown system error');
    }
    expect(getSystemErrorName(-constants.errno.EDQUOT)).to.equal('Unknown system error -122');
    expect(ioError(errnoError(531, 'write', '/a'), '/b', 'write a file').message).to.contain('errno 531');
  });

  let on: SmallDatabase;
  before(async () => {
    on = await SmallDatabase.make();
  });

  for (const name of SmallDatabase.RUNS) {
    it(`are told by name and file wherever one strikes: ${name}`, async function () {
      this.timeout(20 * 60_000);
      const one = (await on.runs()).find((r) => r.name === name) as ErrnoRun;
      expect((await complaintsOf(on, one)).join('\n')).to.equal('');
    });
  }
});
