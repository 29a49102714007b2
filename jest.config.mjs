import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';

/** Pages are TSX: the same compiler, which must not read `<T>` of a plain file as markup. */
const swc = JSON.parse(readFileSync(new URL('.swcrc', import.meta.url), 'utf8'));
const { parser, transform } = swc.jsc;
const react = { runtime: 'automatic', importSource: 'preact' };
const withMarkup = { ...swc, jsc: { ...swc.jsc, parser: { ...parser, tsx: true }, transform: { ...transform, react } } };

/** Temporary folders are in memory where there is a gigabyte of it: what a test waits for is then never the disk. `TMPDIR` says otherwise. */
const inMemory = () => {
  try {
    accessSync('/dev/shm', constants.W_OK);
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > 2 ** 30 ? '/dev/shm' : undefined;
  } catch {
    return undefined;
  }
};
const folder = process.env.TMPDIR ?? inMemory();
if (folder) process.env.TMPDIR = folder;

export default {
  roots: ['<rootDir>/src', '<rootDir>/projections', '<rootDir>/test'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['<rootDir>/test/seed.ts'],
  testTimeout: 20_000,
  maxWorkers: 2,
  // Node keeps the modules of each file: 7 MB of one of the domain, 60 MB of one of HTTP
  workerIdleMemoryLimit: '700MB',
  testPathIgnorePatterns: ['<rootDir>/test/.*/planted/'],
  transform: { '^.+\\.ts$': '@swc/jest', '^.+\\.tsx$': ['@swc/jest', withMarkup] },
  collectCoverageFrom: ['src/{kernel,domain,engine,store,http,proof}/**/*.ts', 'src/pages/**/*.{ts,tsx}', 'projections/**/*.ts'],
  coverageReporters: ['text-summary'],
  coverageThreshold: {
    // the pure layers: kernel, domain, projections
    global: { statements: 97, branches: 94, functions: 94, lines: 97 },
    './src/engine/': { statements: 97, branches: 93, functions: 97, lines: 99 },
    './src/store/': { statements: 96, branches: 91, functions: 95, lines: 97 },
    './src/proof/': { statements: 90, branches: 82, functions: 94, lines: 94 },
    // what only the browser run reaches is not counted
    './src/pages/': { statements: 87, branches: 70, functions: 84, lines: 91 },
    './src/http/': { statements: 96, branches: 91, functions: 96, lines: 98 },
  },
};
