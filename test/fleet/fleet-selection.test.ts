/** Choosing nodes by name and by label. */
import { expect } from 'chai';
import { selectNodes } from '../../lib/fleet/fleet-selection.ts';
import type { FleetNode } from '../../lib/fleet/fleet-types.ts';
import { refusalOf } from './fleet-dir.ts';

const node = (name: string, role: string): FleetNode => ({
  name,
  home: `/data/${name}`,
  src: [],
  labels: { role },
  options: {},
});
const fleet = {
  nodes: [node('val-0', 'validator'), node('rpc-1', 'rpc'), node('rpc-2', 'rpc'), node('rpc-10', 'archive')],
};
const chosen = (only: readonly string[], except: readonly string[] = []): string[] =>
  selectNodes(fleet, only, except).map((n) => n.name);

describe('selectNodes', () => {
  it('chooses all, or those of a name or label, in the order of the fleet', () => {
    expect(chosen([])).to.deep.equal(['val-0', 'rpc-1', 'rpc-2', 'rpc-10']);
    expect(chosen(['rpc-2', 'val-0'])).to.deep.equal(['val-0', 'rpc-2']);
    expect(chosen(['rpc-*'])).to.deep.equal(['rpc-1', 'rpc-2', 'rpc-10']);
    expect(chosen(['role=rpc', 'val-*'])).to.deep.equal(['val-0', 'rpc-1', 'rpc-2']);
  });

  it('takes away those of --except, also of those that were chosen', () => {
    expect(chosen([], ['role=rpc'])).to.deep.equal(['val-0', 'rpc-10']);
    expect(chosen(['rpc-*'], ['*-1', 'role=archive'])).to.deep.equal(['rpc-2']);
  });

  it('refuses every choice that chooses nothing, with the nearest name', () => {
    const error = refusalOf(() => chosen(['rcp-1', 'role=validater', 'rol=rpc', 'role=rp*'], ['rpc-9*']));
    expect(error.code).to.equal('ERR_USAGE');
    expect(error.details).to.deep.equal([
      '--only rcp-1: no node has this name. Did you mean rpc-1?',
      '--only role=validater: no node has this value of the label role. Did you mean validator?',
      '--only rol=rpc: no node has the label rol. Did you mean role?',
      '--only role=rp*: no node has this value of the label role, in which `*` stands for itself. Did you mean rpc?',
      '--except rpc-9*: no node has this name. Did you mean rpc-1?',
    ]);
  });

  it('says what a name of a table, or a list, is', () => {
    const details = refusalOf(() => chosen(['rpc-[1-2]', 'rpc-1,rpc-2'])).details;
    expect(details[0]).to.contain('A table folds names with brackets');
    expect(details[1]).to.contain('Several names are given one by one');
  });

  it('refuses a choice that leaves no node', () => {
    expect(refusalOf(() => chosen(['rpc-1'], ['rpc-*'])).what).to.contain('No node is left');
    expect(refusalOf(() => chosen(['__proto__=x'])).details[0]).to.contain('no node has the label __proto__');
    expect(refusalOf(() => chosen([''])).details[0]).to.contain('no node has this name');
  });
});
