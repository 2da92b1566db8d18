/** Mocha's dots, its failures, and behind them one line of counts that a program can read. */
import Mocha from 'mocha';

/** The reporter `dot`, with the line `N passed, N failed` at its end. */
export default class DotsAndCounts extends Mocha.reporters.Dot {
  override epilogue(): void {
    super.epilogue();
    Mocha.reporters.Base.consoleLog(`${this.stats.passes} passed, ${this.stats.failures} failed`);
  }
}
