/** The sessions of README and the documents: each `console` block is run, and must print what stands there. */
import { expect } from 'chai';
import { consoleSteps } from './markdown.ts';
import { matches, type Place } from './place.ts';

/** Runs a document's commands one after the other, as one session. A command may fail only with an error that is shown. */
export function expectSession(markdown: string, place: Place, least: number): void {
  const steps = consoleSteps(markdown);
  expect(steps.length).to.be.at.least(least);
  for (const { command, output } of steps) {
    const said = place.show(command);
    if (!matches(said.output, output)) expect(said.output, command).to.equal(output);
    if (said.status !== 0) expect(output, `${command} failed`).to.match(/\[ERR_\w+\]/);
  }
}
