/**
 * The names that a function takes from outside itself, found in its source: one walk over its syntax
 * tree with the scopes of the language. Pure.
 */
import type { AnyNode, Function as FunctionNode, Node, Pattern } from "acorn"

/** What a function takes from where it was written. */
export interface Captured {
  /** Names that it neither declares nor takes as parameters, in order of appearance. */
  readonly names: ReadonlyArray<string>
  /** Words such as `this` in an arrow function, which mean what they meant outside. */
  readonly words: ReadonlyArray<string>
}

interface Scope {
  readonly names: Set<string>
  readonly parent: Scope | undefined
}

const inside = (parent: Scope | undefined): Scope => ({ names: new Set(), parent })

const isKnown = (name: string, scope: Scope | undefined): boolean =>
  scope !== undefined && (scope.names.has(name) || isKnown(name, scope.parent))

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

/** The parts of a node, in the order in which they stand. */
const children = (node: Node): ReadonlyArray<AnyNode> => Object.values(node).flat().filter(isNode)

/** The names that a pattern binds: `{ a, b: [c = 1, ...d] }` binds a, c and d. */
const boundNames = (pattern: Pattern): ReadonlyArray<string> => {
  switch (pattern.type) {
    case "Identifier": {
      return [pattern.name]
    }
    case "ObjectPattern": {
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "Property" ? property.value : property.argument),
      )
    }
    case "ArrayPattern": {
      return pattern.elements.flatMap((element) => (element === null ? [] : boundNames(element)))
    }
    case "AssignmentPattern": {
      return boundNames(pattern.left)
    }
    case "RestElement": {
      return boundNames(pattern.argument)
    }
    case "MemberExpression": {
      return []
    }
  }
}

/** What the statements of a block declare for it alone. */
const declareLexical = (scope: Scope, statements: ReadonlyArray<AnyNode>) => {
  for (const statement of statements) {
    if (statement.type === "VariableDeclaration") {
      for (const { id } of statement.declarations) {
        for (const name of boundNames(id)) scope.names.add(name)
      }
    } else if (
      (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") &&
      statement.id !== null
    ) {
      scope.names.add(statement.id.name)
    }
  }
}

/** What `var` declares anywhere in a function, outside of the functions in it. */
const declareVars = (scope: Scope, node: AnyNode) => {
  if (node.type === "VariableDeclaration" && node.kind === "var") declareLexical(scope, [node])
  for (const child of children(node)) {
    if (!isFunction(child) && child.type !== "StaticBlock") declareVars(scope, child)
  }
}

const isFunction = (node: AnyNode): node is AnyNode & FunctionNode =>
  node.type === "ArrowFunctionExpression" ||
  node.type === "FunctionExpression" ||
  node.type === "FunctionDeclaration"

/** A block of statements, or something that binds names for its own parts. */
const scopeOf = (node: AnyNode, parent: Scope): Scope | undefined => {
  const scope = inside(parent)
  switch (node.type) {
    case "BlockStatement":
    case "StaticBlock": {
      declareLexical(scope, node.body)
      if (node.type === "StaticBlock") for (const part of node.body) declareVars(scope, part)
      return scope
    }
    case "ForStatement": {
      declareLexical(scope, children(node))
      return scope
    }
    case "ForInStatement":
    case "ForOfStatement": {
      declareLexical(scope, [node.left])
      return scope
    }
    case "SwitchStatement": {
      declareLexical(
        scope,
        node.cases.flatMap(({ consequent }) => consequent),
      )
      return scope
    }
    case "CatchClause": {
      const { param } = node
      for (const name of param ? boundNames(param) : []) scope.names.add(name)
      return scope
    }
    case "ClassExpression":
    case "ClassDeclaration": {
      if (node.id) scope.names.add(node.id.name)
      return scope
    }
    default: {
      return undefined
    }
  }
}

/** What a walk gathers, and whether `this` and its like still mean what they meant outside. */
interface Walk {
  readonly names: Set<string>
  readonly words: Set<string>
  readonly isOutside: boolean
}

/** Parts of a node that are not expressions: names of properties and labels. */
const skipped = (node: AnyNode): AnyNode | null | undefined => {
  switch (node.type) {
    case "MemberExpression": {
      return node.computed ? undefined : node.property
    }
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition": {
      return node.computed ? undefined : node.key
    }
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement": {
      return node.label
    }
    case "UnaryExpression": {
      // To ask for the type of a name that nobody declared is no mistake.
      return node.operator === "typeof" && node.argument.type === "Identifier"
        ? node.argument
        : undefined
    }
    default: {
      return undefined
    }
  }
}

const visitFunction = (node: FunctionNode, scope: Scope, walk: Walk) => {
  const isArrow = node.type === "ArrowFunctionExpression"
  const own = inside(scope)
  if (!isArrow && node.id) own.names.add(node.id.name)
  for (const param of node.params) for (const name of boundNames(param)) own.names.add(name)
  const part = isArrow ? walk : { ...walk, isOutside: false }
  for (const param of node.params) visit(param, own, part)
  const body = inside(own)
  declareVars(body, node.body)
  visit(node.body, body, part)
}

const visitClass = (node: AnyNode, scope: Scope, walk: Walk) => {
  for (const child of children(node)) {
    // Fields, methods and static blocks have a `this` of their own; what is extended has not.
    visit(child, scope, child.type === "ClassBody" ? { ...walk, isOutside: false } : walk)
  }
}

const visit = (node: AnyNode, scope: Scope, walk: Walk): void => {
  if (isFunction(node)) return visitFunction(node, scope, walk)
  switch (node.type) {
    case "Identifier": {
      // `arguments` of an arrow function is that of the function around it.
      if (node.name === "arguments") {
        if (walk.isOutside) walk.words.add("arguments")
      } else if (!isKnown(node.name, scope)) walk.names.add(node.name)
      return
    }
    case "ThisExpression": {
      if (walk.isOutside) walk.words.add("this")
      return
    }
    case "Super": {
      if (walk.isOutside) walk.words.add("super")
      return
    }
    case "MetaProperty": {
      // Of a file, which the function leaves behind.
      if (node.meta.name === "import") walk.words.add("import.meta")
      else if (walk.isOutside) walk.words.add("new.target")
      return
    }
    default: {
      const own = scopeOf(node, scope) ?? scope
      if (node.type === "ClassExpression" || node.type === "ClassDeclaration") {
        return visitClass(node, own, walk)
      }
      const skip = skipped(node)
      for (const child of children(node)) if (child !== skip) visit(child, own, walk)
    }
  }
}

export const capturedBy = (node: FunctionNode): Captured => {
  const walk: Walk = { names: new Set(), words: new Set(), isOutside: true }
  visitFunction(node, inside(undefined), walk)
  return { names: [...walk.names], words: [...walk.words] }
}
