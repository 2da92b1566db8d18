/** Which checks are found, how they appear in a bundle, and how a check that no state needs is reported. */
import { expect } from 'chai';
import { inSmallProject } from '../small-project.ts';
import { judgeCheck } from './check-mutants.ts';
import { withSwitches } from './checks.ts';
import { type Found, findChecks } from './find-checks.ts';

/** The checks of one small file. */
function checksOf(text: string, path = 'lib/a.ts'): { found: readonly Found[]; texts: string[] } {
  const found = inSmallProject(path, text, (dir) => findChecks(dir, /\.ts$/).flatMap((file) => file.found));
  return { found, texts: found.map(({ start, end, how }) => `${how} ${text.slice(start, end)}`) };
}

describe('checks of journals', () => {
  it('are conditions in front of a refusal, by their parts', () => {
    const { texts } = checksOf(
      'function f(a, b, c) { if (a || (b && c)) throw x; if (a && (b || c)) { g(); throw x; } }',
    );
    expect(texts).to.deep.equal(['refuses a', 'refuses (b && c)', 'refuses b', 'refuses c']);
  });

  it('are conditions that lead past one', () => {
    const { texts } = checksOf('function f(a, b) { if (a && b) return a; const c = 1; throw c; }');
    expect(texts).to.deep.equal(['accepts a', 'accepts b']);
    expect(checksOf('for (const a of b) { if (a) continue; throw a; }').texts).to.deep.equal(['accepts a']);
    expect(checksOf('function f(a) { if (a) return g(); throw a; }').texts).to.deep.equal([]);
    expect(checksOf('function f(a) { if (a) return a; return 1; }').texts).to.deep.equal([]);
  });

  it('are calls whose names say that they refuse, unless their result is taken', () => {
    const { texts } = checksOf(
      'async function f() { refuseHeld(1); await verifyAll(); const a = requireIt(); refuse(); }',
    );
    expect(texts).to.deep.equal(['calls refuseHeld(1)', 'calls verifyAll()']);
  });

  it('are not what throws on what it has caught', () => {
    expect(checksOf('try { f(); } catch (error) { if (a) return; throw error; }').texts).to.deep.equal([]);
    expect(checksOf('try { f(); } catch (error) { if (a) throw b; }').texts).to.deep.equal(['refuses a']);
  });

  it('refuse by null where documents are read', () => {
    const text = 'function f(a) { if (a) return null; return a; }';
    expect(checksOf(text, 'lib/format/a.ts').texts).to.deep.equal(['refuses a']);
    expect(checksOf(text).texts).to.deep.equal([]);
  });

  it('refuse by a text where a problem is told', () => {
    const text =
      "function problemOfA(a) { if (a.b) return 'is gone'; if (a.c) return `is old`; return null; }";
    expect(checksOf(text).texts).to.deep.equal(['refuses a.b', 'refuses a.c']);
    expect(checksOf("function nameOfA(a) { if (a.b) return 'is gone'; return null; }").texts).to.deep.equal(
      [],
    );
    expect(checksOf('function problemOfA(a) { if (a.b) return a.c; return null; }').texts).to.deep.equal([]);
  });

  it('get switches that do as they are told', () => {
    const text = 'function f(a, b) { if (a) throw 1; refuseIt(b); if (b) return 2; throw 3; }';
    const { found } = checksOf(text);
    const switched = withSwitches(text, found, 7);
    expect(switched).to.contain('if (globalThis.checkSwitch(7, a)) throw 1');
    expect(switched).to.contain('globalThis.checkCall(8, () => refuseIt(b));');
    expect(switched).to.contain('if (!globalThis.checkSwitch(9, !(b))) return 2');
  });

  it('live when the program without them does the same, and when they never refuse', () => {
    const check = { number: 0, place: '', text: '' };
    const seen = { fired: 3, caught: null, reworded: null };
    expect(judgeCheck(check, [seen, { ...seen, fired: 0 }]).fate).to.equal('lives');
    expect(judgeCheck(check, [{ ...seen, fired: 0 }]).fate).to.equal('idle');
    expect(judgeCheck(check, [seen, { ...seen, reworded: 'so' }]).fate).to.equal('reworded');
    expect(judgeCheck(check, [seen, { ...seen, caught: 'so' }]).fate).to.equal('caught');
  });
});
