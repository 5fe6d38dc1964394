// @ts-check
// What the compiler cannot say: who imports whom, what pure code may touch, how long is too long.
import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import holdfast, { pureFolders } from "./scripts/eslint-plugin-holdfast.js";

const refusedSyntax = [
  {
    selector: "ExportAllDeclaration",
    message: "No barrels: import from the file that has it.",
  },
  {
    selector: "ExportDefaultDeclaration",
    message: "Give it a name that is the same everywhere.",
  },
  {
    selector:
      ":function > Identifier.params[typeAnnotation.typeAnnotation.type='TSBooleanKeyword']",
    message: "A caller's `true` says nothing: take one of two named strings, or be two functions.",
  },
];

const notInNode20 = ["DisposableStack", "AsyncDisposableStack", "SuppressedError"];

/** What pure code is told of, and never looks at itself. */
const world = [
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "process",
  "console",
  "crypto",
  "Intl",
];

export default defineConfig(
  { ignores: ["dist", "coverage", "src/generated", "src/console", ".setup", ".holdfast"] },
  eslint.configs.recommended,
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: { globals: { process: "readonly", console: "readonly" } },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { holdfast },
    rules: {
      "holdfast/file-name": "error",
      "holdfast/comment-width": "error",
      "no-restricted-syntax": ["error", ...refusedSyntax],

      complexity: ["error", 10],
      "max-depth": ["error", 3],
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 4],

      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "func-style": ["error", "declaration", { allowArrowFunctions: true }],
      "id-denylist": ["error", "data", "info", "tmp", "obj", "val", "arr", "str", "cb", "mgr"],
      "no-console": "error",
      // Typed by lib ESNext.Disposable, missing from Node 20: `using` alone is safe.
      "no-restricted-globals": ["error", ...notInNode20],
      "no-warning-comments": ["error", { terms: ["fixme", "xxx", "hack"] }],

      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // An async method of an interface may have nothing to wait for.
      "@typescript-eslint/require-await": "off",
    },
  },
  {
    files: ["src/**/*.ts"],
    rules: { "holdfast/layers": "error", "holdfast/file-header": "error" },
  },
  {
    files: pureFolders.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      "no-restricted-globals": ["error", ...notInNode20, ...world],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random" },
        { property: "localeCompare", message: "Locale is not replicated: compare bytes." },
        { property: "toLocaleString", message: "Locale is not replicated." },
      ],
      // No package, no generated code, and not the two files of base that read the world.
      "no-restricted-imports": [
        "error",
        { patterns: [{ regex: "^[^.]|/(clock|entropy)\\.ts$|/generated/" }] },
      ],
      "no-restricted-syntax": [
        "error",
        ...refusedSyntax,
        { selector: ":function[async=true]", message: "Pure code does not wait." },
      ],
    },
  },
  {
    files: ["src/cli/**/*.ts", "scripts/**/*.{ts,js,mjs}", "cluster/**/*.ts", "test/**/*.ts"],
    rules: { "no-console": "off" },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      "@typescript-eslint/explicit-module-boundary-types": "off",
    },
  },
);
