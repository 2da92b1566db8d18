/**
 * Changes of a source file that are made where the compiler's parser finds a call: by the name of what is called, and
 * of the function around it. A call that is written otherwise, or has moved within its function, is found all the same.
 */
import * as ast from 'typescript/unstable/ast';
import type { ParsedSource } from '../parse-sources.ts';

/** A call, in the texts of its parts. */
export interface CallText {
  readonly whole: string;
  /** What the method is called on; empty for a function. */
  readonly receiver: string;
  readonly args: readonly string[];
}

/** A change; all but the last are of the calls in the function `within`. */
export type Change =
  /** The calls are not made. */
  | { readonly leaveOut: string; readonly within: string }
  /** Something else is done instead of the call. */
  | { readonly replace: string; readonly within: string; readonly by: (call: CallText) => string }
  /** The statement of the function that makes one call changes places with the one that makes the other. */
  | { readonly swap: readonly [string, string]; readonly within: string }
  /** The condition of the `if` that leads to the call always holds. */
  | { readonly alwaysLeadTo: string; readonly within: string }
  /** Something is done when the module has been loaded. */
  | { readonly append: string };

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text of a file with changes. @throws Error when a place is not there */
export function changedText(source: ParsedSource, changes: readonly Change[]): string {
  const edits = changes.flatMap((change) => editsOf(source, change)).sort((a, b) => b.start - a.start);
  return edits.reduce(
    (text, { start, end, text: by }) => `${text.slice(0, start)}${by}${text.slice(end)}`,
    source.text,
  );
}

function editsOf(source: ParsedSource, change: Change): Edit[] {
  if ('append' in change) {
    const { length } = source.text;
    return [{ start: length, end: length, text: change.append }];
  }
  const body = bodyOf(source, change.within);
  const calls = (name: string): ast.CallExpression[] => callsIn(source, body, change.within, name);
  if ('leaveOut' in change) return calls(change.leaveOut).map((call) => editOf(call, namesOf(call)));
  if ('replace' in change) return calls(change.replace).map((call) => editOf(call, change.by(textsOf(call))));
  if ('swap' in change) {
    const [a, b] = change.swap.map((name) => statementOf(calls(name)[0] as ast.Node, body));
    if (a === undefined || b === undefined || a === b) throw new Error(`${change.within}: nothing to swap`);
    return [editOf(a, b.getText()), editOf(b, a.getText())];
  }
  const [call] = calls(change.alwaysLeadTo);
  let node: ast.Node = call as ast.Node;
  while (!ast.isIfStatement(node)) node = node.parent;
  return [editOf(node.expression, 'true')];
}

const editOf = (node: ast.Node, text: string): Edit => ({ start: node.getStart(), end: node.end, text });

/** What the call names, without the call: the compiler refuses what is used nowhere. */
const namesOf = ({ expression, arguments: args }: ast.CallExpression): string =>
  `void [${[expression, ...args].map((part) => part.getText()).join(', ')}]`;

function textsOf({ expression, arguments: args }: ast.CallExpression): CallText {
  return {
    whole: expression.parent.getText(),
    receiver: ast.isPropertyAccessExpression(expression) ? expression.expression.getText() : '',
    args: args.map((arg) => arg.getText()),
  };
}

/** The body of the one function, or method, of that name. */
function bodyOf({ path, root }: ParsedSource, name: string): ast.Block {
  const found: ast.Block[] = [];
  const visit = (node: ast.Node): void => {
    const isFunction = ast.isFunctionDeclaration(node) || ast.isMethodDeclaration(node);
    if (isFunction && node.name?.getText() === name && node.body !== undefined)
      found.push(node.body as ast.Block);
    node.forEachChild(visit);
  };
  visit(root);
  if (found.length !== 1) throw new Error(`${path} has ${found.length} functions ${name}`);
  return found[0] as ast.Block;
}

function callsIn(
  { path }: ParsedSource,
  body: ast.Block,
  within: string,
  name: string,
): ast.CallExpression[] {
  const found: ast.CallExpression[] = [];
  const visit = (node: ast.Node): void => {
    if (ast.isCallExpression(node) && calleeOf(node) === name) found.push(node);
    node.forEachChild(visit);
  };
  visit(body);
  if (found.length === 0) throw new Error(`${path}: ${within} does not call ${name}`);
  return found;
}

const calleeOf = ({ expression }: ast.CallExpression): string =>
  ast.isPropertyAccessExpression(expression) ? expression.name.getText() : expression.getText();

/** The statement of a body that holds a node. */
function statementOf(node: ast.Node, body: ast.Block): ast.Node {
  let at = node;
  while (at.parent !== body) at = at.parent;
  return at;
}
