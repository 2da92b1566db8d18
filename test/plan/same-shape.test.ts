/** The compiler does the work here: a comparison that comes out otherwise than it is written does not compile. */
import { expect } from 'chai';
import type { SameShape } from '../../lib/plan/same-shape.ts';
import type { Step, TablePlan } from '../../lib/types.ts';

type Plain = { a: number; b?: string; c: 'x' | 'y' };

const SAME: readonly [
  SameShape<Plain, Plain>,
  SameShape<Plain, { readonly a: number; readonly b?: string | undefined; readonly c: 'y' | 'x' }>,
  SameShape<[n: number][], readonly (readonly [number])[]>,
] = [true, true, true];

const DIFFERENT: readonly [
  SameShape<Omit<Plain, 'b'>, Plain>,
  SameShape<Plain & { d?: 1 }, Plain>,
  SameShape<Omit<Plain, 'a'> & { a?: number }, Plain>,
  SameShape<Omit<Plain, 'a'> & { a: number | null }, Plain>,
  SameShape<Omit<Plain, 'a'> & { a: 1 }, Plain>,
  SameShape<Omit<Plain, 'c'> & { c: 'x' }, Plain>,
  SameShape<[number, string], [number]>,
  SameShape<Exclude<Step, { op: 'cut-file' }>, Step>,
  SameShape<Omit<TablePlan, 'pivot'> & { pivot: object | null }, TablePlan>,
] = [false, false, false, false, false, false, false, false, false];

describe('plan/same-shape', () => {
  it('knows what is the same and what is not', () => {
    expect(new Set<boolean>(SAME)).to.deep.equal(new Set([true]));
    expect(new Set<boolean>(DIFFERENT)).to.deep.equal(new Set([false]));
  });
});
