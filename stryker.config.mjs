/** Mutation testing of what is pure. Read "Check" in the README before a run: a full one takes hours. */
export default {
  testRunner: 'jest',
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  incremental: true,
  incrementalFile: '.stryker/incremental.json',
  tempDirName: '.stryker/sandbox',
  mutate: ['src/kernel/values/dates.ts'],
  jest: { configFile: 'jest.mutants.config.mjs', enableFindRelatedTests: true },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  reporters: ['clear-text', 'progress'],
  concurrency: 1,
  disableTypeChecks: false,
};
