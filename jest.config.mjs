export default {
  roots: ['<rootDir>/src', '<rootDir>/projections', '<rootDir>/test'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['<rootDir>/test/seed.ts'],
  testTimeout: 20_000,
  testPathIgnorePatterns: ['/planted/'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  collectCoverageFrom: ['src/kernel/**/*.ts', 'src/domain/**/*.ts', 'projections/**/*.ts'],
  coverageReporters: ['text-summary'],
  coverageThreshold: { global: { statements: 97, branches: 94, functions: 94, lines: 97 } },
};
