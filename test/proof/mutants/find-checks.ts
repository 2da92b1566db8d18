/**
 * The checks that stand between a journal and what it would do, found in the sources by the compiler's parser.
 *
 * A check is the condition of an `if` that throws, or of one that leads past a refusal that follows at once. Each part
 * that can be left out by itself is one: of `a || b` in front of a throw there are two. So is a call, made for nothing
 * but its refusal, of a function whose name says that it refuses, requires, claims or verifies. What reads documents
 * refuses by giving null, a function named `problemOf…` by giving a text. An error that is thrown on was refused by
 * the code that threw it first.
 */
import * as ast from 'typescript/unstable/ast';
import { withSources } from '../parse-sources.ts';

/** Where the text of a check lies in its file, and what it says. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly how: 'refuses' | 'accepts' | 'calls';
}

/** A file with its checks, in order. */
export interface Guarded {
  readonly path: string;
  readonly text: string;
  readonly found: readonly Found[];
}

const READERS = /^lib\/(store\/area|format\/[^/]+)\.ts$/;
/** Checks of the library's arguments, and of free room, are left out: test/input and test/apply try them. */
const CALLS = /^(refuse(?!BadRoots$|BadOptions$|Aborted$|TooLittleRoom)|require|claim|verify)[A-Z]/;
const TELLERS = /^problemOf[A-Z]/;

/** The checks of those files of a project whose paths fit. */
export function findChecks(dir: string, wanted: RegExp): Guarded[] {
  return withSources(dir, wanted, (sources) =>
    sources.map(({ path, text, root }) => {
      const finder = new Finder(READERS.test(path));
      finder.visit(root);
      return { path, text, found: finder.found };
    }),
  );
}

class Finder {
  readonly found: Found[] = [];

  /** @param isReader whether null is a refusal */
  constructor(private readonly isReader: boolean) {}

  readonly visit = (node: ast.Node): void => {
    if (ast.isIfStatement(node)) this.condition(node);
    if (ast.isExpressionStatement(node)) this.call(node.expression);
    node.forEachChild(this.visit);
  };

  private condition(node: ast.IfStatement): void {
    const how = this.refuses(node.thenStatement) ? 'refuses' : this.leadsPast(node) ? 'accepts' : null;
    if (how === null) return;
    const operator = how === 'refuses' ? ast.SyntaxKind.BarBarToken : ast.SyntaxKind.AmpersandAmpersandToken;
    for (const part of partsOf(node.expression, operator)) this.add(part, how);
  }

  private call(expression: ast.Expression): void {
    const call = ast.isAwaitExpression(expression) ? expression.expression : expression;
    if (ast.isCallExpression(call) && CALLS.test(call.expression.getText())) this.add(call, 'calls');
  }

  private add(node: ast.Node, how: Found['how']): void {
    this.found.push({ start: node.getStart(), end: node.end, how });
  }

  /** Whether a statement does nothing but refuse, or does so in the end. */
  private refuses(statement: ast.Node): boolean {
    const last = ast.isBlock(statement) ? statement.statements.at(-1) : statement;
    if (last === undefined) return false;
    if (ast.isThrowStatement(last)) return !isCaught(last);
    if (!ast.isReturnStatement(last)) return false;
    return (this.isReader && last.expression?.getText() === 'null') || tellsProblem(last);
  }

  /** Whether an `if` leaves, and right behind it, but for declarations, is a refusal. */
  private leadsPast(node: ast.IfStatement): boolean {
    const last = ast.isBlock(node.thenStatement) ? node.thenStatement.statements.at(-1) : node.thenStatement;
    if (last === undefined || !leaves(last)) return false;
    const { statements = [] } = node.parent as { statements?: readonly ast.Node[] };
    const behind = statements.slice(statements.indexOf(node) + 1).find((s) => !ast.isVariableStatement(s));
    if (behind === undefined) return false;
    return this.refuses(ast.isIfStatement(behind) ? behind.thenStatement : behind);
  }
}

/** Whether a statement leaves a list, and leaves nothing to anybody else: what it returns is there already. */
function leaves(statement: ast.Node): boolean {
  if (!ast.isReturnStatement(statement)) return ast.isContinueStatement(statement);
  return statement.expression === undefined || !ast.isCallExpression(statement.expression);
}

/** Whether a text is returned by a function whose name says that this is a problem. */
function tellsProblem({ expression, parent }: ast.ReturnStatement): boolean {
  if (expression === undefined || !/^['`]/.test(expression.getText())) return false;
  for (let at: ast.Node | undefined = parent; at !== undefined; at = at.parent) {
    if (ast.isFunctionDeclaration(at)) return TELLERS.test(at.name?.getText() ?? '');
  }
  return false;
}

/** Whether what is thrown is what was caught. */
function isCaught({ expression, parent }: ast.ThrowStatement): boolean {
  for (let at: ast.Node | undefined = parent; at !== undefined; at = at.parent) {
    if (ast.isCatchClause(at)) return at.variableDeclaration?.name.getText() === expression.getText();
  }
  return false;
}

/** Operands that an operator joins, also inside of the other one; the whole where there are none. */
function partsOf(condition: ast.Expression, operator: ast.SyntaxKind): ast.Expression[] {
  const bare = ast.isParenthesizedExpression(condition) ? condition.expression : condition;
  if (!ast.isBinaryExpression(bare) || !isLogical(bare)) return [condition];
  const parts = [bare.left, bare.right].map((side) => ({ side, parts: partsOf(side, operator) }));
  if (bare.operatorToken.kind === operator) return parts.flatMap((p) => p.parts);
  const split = parts.filter((p) => p.parts.length > 1).flatMap((p) => p.parts);
  return split.length > 0 ? split : [condition];
}

function isLogical({ operatorToken: { kind } }: ast.BinaryExpression): boolean {
  return kind === ast.SyntaxKind.BarBarToken || kind === ast.SyntaxKind.AmpersandAmpersandToken;
}
