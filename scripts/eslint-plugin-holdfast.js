// @ts-check
// Lint rules of our own: who may import whom, and what a file must be called and begin with.
import { basename, dirname, relative, resolve } from "node:path";

const src = resolve(import.meta.dirname, "../src");

/** Bottom up. A folder may import itself and any folder on an earlier line; never a neighbour. */
const layers = [
  ["base"],
  // Code made from proto/: types of the public contract, codecs of the internal one.
  ["generated"],
  ["raft", "secrets", "access", "keys", "crypto", "audit", "observability"],
  ["machine"],
  ["storage"],
  ["consensus"],
  ["services"],
  ["rotation", "replication"],
  ["server"],
];

/** What runs on a caller's machine knows nothing of how holdfast works inside. */
const outside = new Map([
  ["client", ["base", "generated"]],
  ["cli", ["base", "generated", "client"]],
  ["console", []],
]);

/** Folders whose code computes, and does nothing else. */
export const pureFolders = ["raft", "secrets", "access", "keys", "machine"];

/** Packages that exactly one folder may touch. */
const packageOwners = new Map([
  ["tweetnacl", "crypto"],
  ["level", "storage"],
]);

const vagueName =
  /^(index|utils?|helpers?|common|shared|misc|types|constants|.*-(utils?|helpers?|manager|impl))\.tsx?$/;

/** @type {import("eslint").ESLint.Plugin} */
export default {
  rules: {
    layers: {
      meta: {
        schema: [],
        messages: {
          up: "src/{{from}} may not import src/{{to}}.",
          unknown: "src/{{from}} is not on the map of layers.",
          owned: "Only src/{{owner}} may import {{name}}.",
        },
      },
      create(context) {
        const from = folderOf(context.filename);
        const allowed = importableFrom(from);
        /** @param {any} node an import, or an export from another file */
        function check(node) {
          const specifier = node.source?.value;
          if (typeof specifier !== "string") return;
          if (!specifier.startsWith(".")) {
            const owner = packageOwners.get(specifier);
            if (owner !== undefined && owner !== from) {
              context.report({ node, messageId: "owned", data: { owner, name: specifier } });
            }
            return;
          }
          const to = folderOf(resolve(dirname(context.filename), specifier));
          if (!allowed.includes(to)) context.report({ node, messageId: "up", data: { from, to } });
        }
        return {
          Program(node) {
            if (!isOnTheMap(from)) {
              context.report({ node, messageId: "unknown", data: { from } });
            }
          },
          ImportDeclaration: check,
          ImportExpression: check,
          ExportNamedDeclaration: check,
        };
      },
    },

    "file-name": {
      meta: { schema: [], messages: { vague: "Name the file after the one thing in it." } },
      create: (context) => ({
        Program(node) {
          if (!vagueName.test(basename(context.filename))) return;
          context.report({ node, messageId: "vague" });
        },
      }),
    },

    "comment-width": {
      meta: { schema: [], messages: { wide: "A comment ends before column 101." } },
      create: (context) => ({
        Program() {
          for (const comment of context.sourceCode.getAllComments()) {
            if (!comment.loc) continue;
            const { start, end } = comment.loc;
            const lines = context.sourceCode.lines.slice(start.line - 1, end.line);
            if (lines.some((line) => line.length > 100)) {
              context.report({ loc: { start, end }, messageId: "wide" });
            }
          }
        },
      }),
    },

    "file-header": {
      meta: { schema: [], messages: { missing: "Begin with a comment: what lives here?" } },
      create: (context) => ({
        Program(node) {
          // A program that is run by name begins with its shebang, then says what it is.
          const comments = context.sourceCode.getAllComments();
          const first = comments.find((comment) => String(comment.type) !== "Shebang");
          const expected = comments.length > 0 && String(comments[0]?.type) === "Shebang" ? 2 : 1;
          if (first?.loc?.start.line === expected) return;
          context.report({ node, messageId: "missing" });
        },
      }),
    },
  },
};

/** @param {string} folder */
function isOnTheMap(folder) {
  return outside.has(folder) || layers.some((folders) => folders.includes(folder));
}

/** @param {string} folder */
function importableFrom(folder) {
  const line = layers.findIndex((folders) => folders.includes(folder));
  const below = line === -1 ? (outside.get(folder) ?? []) : layers.slice(0, line).flat();
  return [folder, ...below];
}

/** @param {string} file */
function folderOf(file) {
  return relative(src, file).split("/")[0] ?? "";
}
