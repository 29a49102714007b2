/** Used by `npm run mutants`, which sets what is mutated and by which specs. */
export default {
  testRunner: 'jest',
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  incremental: true,
  incrementalFile: `.stryker/${process.env['MUTANTS_SCOPE'] ?? 'incremental'}.json`,
  tempDirName: '.stryker/sandbox',
  ignorePatterns: ['dist', 'coverage', 'data', '.stryker'],
  // swc never checks types, so no file needs a comment against that
  disableTypeChecks: false,
  jest: { configFile: 'test/mutants/jest.config.mjs', enableFindRelatedTests: true },
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  // a runner keeps every module that it has loaded: restarted before collecting garbage takes longer than the tests
  maxTestRunnerReuse: 50,
};
