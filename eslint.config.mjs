import tseslint from 'typescript-eslint';

/** Here, and in the planted files that prove the rules. */
const inRooms = (...globs) => globs.flatMap((glob) => [glob, `test/architecture/planted/*/${glob}`]);
const no = (selector, message) => ({ selector, message });
const chance = [
  no("NewExpression[callee.name='Date'][arguments.length=0]", 'The time is told, never read.'),
  no("CallExpression[callee.name='Date']", 'The time is told, never read.'),
  no("MemberExpression[object.name='Date'][property.name='now']", 'The time is told, never read.'),
  no("MemberExpression[object.name='Temporal'][property.name='Now']", 'The time is told, never read.'),
  no("MemberExpression[object.name='performance'][property.name='now']", 'The time is told, never read.'),
  no("MemberExpression[object.name='Math'][property.name='random']", 'Nothing is left to chance.'),
];
const chanceless = { 'no-restricted-syntax': ['error', ...chance] };
const pure = {
  'no-restricted-globals': [
    'error',
    ...[
      'process',
      'console',
      'crypto',
      'fetch',
      'performance',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'queueMicrotask',
      'globalThis',
    ],
  ],
  'no-restricted-syntax': [
    'error',
    ...chance,
    no('AwaitExpression', 'Nothing pure waits.'),
    no(':function[async=true]', 'Nothing pure waits.'),
  ],
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.stryker/', 'test/architecture/planted/', '*.cjs'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
    },
  },
  // A registry holds commands of many shapes, and each was checked where it was written; elsewhere `any` is an error.
  {
    files: ['src/kernel/**', 'src/engine/**', 'src/http/**', 'test/**', 'bench/**'],
    ignores: [
      'test/architecture/planted/**',
      'src/kernel/projection.ts',
      'src/engine/read/{rows,projection-writer}.ts',
      'src/http/{subscribers,projections.controller}.ts',
    ],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
  { files: ['src/cli/**', 'bench/**', 'test/**'], rules: { 'no-console': 'off' } },
  // One place stamps the time and draws ids; all else is told. What is pure does not even wait.
  { files: inRooms('src/**', 'projections/**'), ignores: ['src/ledger.module.ts'], rules: chanceless },
  { files: inRooms('src/kernel/**', 'src/domain/**', 'projections/**'), rules: pure },
);
