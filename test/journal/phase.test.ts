import { expect } from 'chai';
import type { AreaDocument, AreaMarks, AreaState, JournalDocument } from '../../lib/journal/documents.ts';
import { isOpen, marksOf, type Phase, phaseOf } from '../../lib/journal/phase.ts';

/** Which marks an area has: begun, done, undoing, undone. Any later one tells that it has begun. */
const MARKS = ['', 'b', 'bd', 'bu', 'bdu', 'bU', 'bdU', 'buU', 'bduU'] as const;
type Marks = (typeof MARKS)[number];

/** The phase of an open transaction with these marks, with a whole document and without one. */
const OPEN: Readonly<Record<Marks, readonly [whole: Phase, torn: Phase]>> = {
  '': ['intent', 'intent'],
  b: ['applying', 'lost'],
  bd: ['done', 'lost'],
  bu: ['reverting', 'lost'],
  bdu: ['reverting', 'lost'],
  bU: ['reverted', 'reverted'],
  bdU: ['reverted', 'reverted'],
  buU: ['reverted', 'reverted'],
  bduU: ['reverted', 'reverted'],
};

const marksIn = (marks: string): AreaMarks => ({
  begun: marks.includes('b'),
  done: marks.includes('d'),
  undoing: marks.includes('u'),
  undone: marks.includes('U'),
});

const WHOLE = { member: 0 } as JournalDocument;
const DOCUMENTS: readonly AreaDocument[] = [
  { state: 'bare', content: 'none', document: null },
  { state: 'open', content: 'whole', document: WHOLE },
  { state: 'open', content: 'torn', document: null },
  { state: 'closed', content: 'whole', document: WHOLE },
  { state: 'closed', content: 'torn', document: null },
];

const AREAS: readonly AreaState[] = DOCUMENTS.flatMap((document) =>
  MARKS.map((marks) => ({ dir: '/a', id: 'id', ...document, marks: marksIn(marks) })),
);

const found = (...areas: AreaState[]) => ({
  areas,
  document: areas.find((a) => a.document !== null)?.document ?? null,
});

/** Marks as the table has them. */
const named = ({ begun, done, undoing, undone }: AreaMarks): Marks =>
  `${begun ? 'b' : ''}${done ? 'd' : ''}${undoing ? 'u' : ''}${undone ? 'U' : ''}` as Marks;

describe('journal/phase', () => {
  for (const marks of MARKS) {
    it(`of one open area with the marks "${marks}" is ${OPEN[marks].join(', without a document ')}`, () => {
      const area = { dir: '/a', id: 'id', marks: marksIn(marks) };
      const [whole, torn] = OPEN[marks];
      expect(phaseOf(found({ ...area, ...(DOCUMENTS[1] as AreaDocument) }))).to.equal(whole);
      expect(phaseOf(found({ ...area, ...(DOCUMENTS[2] as AreaDocument) }))).to.equal(torn);
    });
  }

  it('of an area that is not open goes by its document alone', () => {
    for (const area of AREAS.filter((a) => a.state !== 'open')) {
      expect(phaseOf(found(area))).to.equal(area.state);
      expect(isOpen(phaseOf(found(area)))).to.equal(false);
    }
  });

  it('of two areas goes by the marks of both, by any document, and is open where one is', () => {
    for (const [a, b] of AREAS.flatMap((a) => AREAS.map((b) => [a, b] as const))) {
      const states = [a.state, b.state];
      const whole = a.document !== null || b.document !== null;
      const marks = named({
        begun: a.marks.begun || b.marks.begun,
        done: a.marks.done || b.marks.done,
        undoing: a.marks.undoing || b.marks.undoing,
        undone: a.marks.undone || b.marks.undone,
      });
      const wanted = states.includes('open')
        ? OPEN[marks][whole ? 0 : 1]
        : states.includes('closed')
          ? 'closed'
          : 'bare';
      expect(phaseOf(found(a, b)), JSON.stringify([a, b])).to.equal(wanted);
      expect(named(marksOf([a, b]))).to.equal(marks);
      expect(isOpen(wanted)).to.equal(states.includes('open'));
    }
  });
});
