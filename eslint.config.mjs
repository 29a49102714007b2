import tseslint from 'typescript-eslint';

/** The given layers, and the planted files that prove the rules for them. */
const inLayers = (...globs) => globs.flatMap((glob) => [glob, `test/architecture/planted/*/${glob}`]);
const no = (selector, message) => ({ selector, message });
const toNever = no(
  'TSAsExpression > .typeAnnotation:matches(TSNeverKeyword, TSArrayType:has(> TSNeverKeyword))',
  'No cast to never: it silences every check.',
);
const ambient = [
  toNever,
  no("NewExpression[callee.name='Date'][arguments.length=0]", 'Time is passed in, never read from a clock.'),
  no("CallExpression[callee.name='Date']", 'Time is passed in, never read from a clock.'),
  no("MemberExpression[object.name='Date'][property.name='now']", 'Time is passed in, never read from a clock.'),
  no("MemberExpression[object.name='Temporal'][property.name='Now']", 'Time is passed in, never read from a clock.'),
  no("MemberExpression[object.name='performance'][property.name='now']", 'Time is passed in, never read from a clock.'),
  no("MemberExpression[object.name='Math'][property.name='random']", 'No randomness: ids and jitter are passed in.'),
];
const withoutAmbient = { 'no-restricted-syntax': ['error', ...ambient] };
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
    ...ambient,
    no('AwaitExpression', 'Pure code is synchronous.'),
    no(':function[async=true]', 'Pure code is synchronous.'),
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
  // Tests read answers as they came over HTTP. Elsewhere `any` is an error, but for the kernel's own, each with its reason beside it.
  { files: ['test/**'], ignores: ['test/architecture/planted/**'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  { files: ['src/cli/**', 'bench/**', 'test/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.{ts,tsx}'], rules: { 'no-restricted-syntax': ['error', toNever] } },
  // Only ledger.module.ts reads the clock and generates ids; everything else gets them passed in. Pure code is also synchronous.
  { files: inLayers('src/**', 'projections/**'), ignores: ['src/ledger.module.ts'], rules: withoutAmbient },
  { files: inLayers('src/kernel/**', 'src/domain/**', 'projections/**'), rules: pure },
);
